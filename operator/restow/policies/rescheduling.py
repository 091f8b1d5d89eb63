"""The `rescheduling` section of a PackingPolicy: moves that undo fragmentation, now and then."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from restow.core.errors import InputError
from restow.fragmentation.shapes import shape_of
from restow.policies.model import Model, Seconds, Whole, contradiction

MOST_SHAPES = 16
MOST_MIGRATIONS = 100_000
DAY_S = 24 * 3600

Shape = Annotated[str, StringConstraints(min_length=3, max_length=512)]
Migrations = (
    Annotated[Whole, Field(ge=0, le=MOST_MIGRATIONS)]
    | Annotated[str, StringConstraints(pattern=r"^(100|[0-9]{1,2})%$")]
)


class Objective(StrEnum):
    """What is wanted within the migration limit."""

    DEFRAGMENT = "Defragment"
    CONSOLIDATE = "Consolidate"


class Rescheduling(Model):
    """Moves of running pods that make room for what comes next, now and then."""

    objective: Objective = Objective.DEFRAGMENT
    """Defragment: as much room as possible for the shapes, or, with untilFragmentation, as few
    moves as reach it. Consolidate: as many nodes as possible without a pod but those of
    DaemonSets, for an autoscaler to remove."""
    until_fragmentation: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    """Fragmentation that is low enough, of Defragment: nothing moves below it."""
    interval_seconds: Whole = Field(default=600, ge=60, le=7 * DAY_S)
    """How long after one look at the cluster the next one comes. None while pods wait for a place
    or a plan is carried out."""
    max_migrations: Migrations = "3%"
    """Most pods that one plan may move: a number, or a share of the covered pods that run.
    limits.movesPerPlan and what is left of limits.movesPerHour bound it as well."""
    shapes: tuple[Shape, ...] = Field(default=(), max_length=MOST_SHAPES)
    """What there should be room for, such as nvidia.com/gpu=8,cpu=32,memory=256Gi, with weight=2
    among them where one counts more than another. Default: the largest covered pod, of each kind
    of device if pods ask for any."""
    minimum_gain: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.01
    """By how much a plan must lower fragmentation, which is between 0 and 1, to be made. One of
    Consolidate is made if it empties a node."""
    solve_time_limit_seconds: Seconds = Field(default=5, gt=0, le=300)
    """How long one decision may take."""

    @field_validator("shapes")
    @classmethod
    def _shapes_can_be_read(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                shape_of(text, where="PackingPolicy", field="rescheduling.shapes")
            except InputError as error:
                raise contradiction(problem=error.problem, remedy=error.remedy) from error
        return value

    @model_validator(mode="after")
    def _goal_fits_objective(self) -> Self:
        if self.objective is Objective.CONSOLIDATE and self.until_fragmentation is not None:
            raise contradiction(
                field="untilFragmentation",
                problem="Consolidate empties nodes, whatever the fragmentation",
                remedy="leave it out, or use objective Defragment",
            )
        return self

    def limit(self, pods: int) -> int:
        """Return most pods that one plan may move, of so many that run; at least one of any."""
        if isinstance(self.max_migrations, int):
            return self.max_migrations
        percent = int(self.max_migrations.rstrip("%"))
        return max(1, pods * percent // 100) if percent and pods else 0
