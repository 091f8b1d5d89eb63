"""The `rescheduling` section of a PackingPolicy: moves towards an objective, now and then."""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from restow.core.errors import InputError
from restow.core.quantity import value_nano
from restow.fragmentation.shapes import shape_of
from restow.policies.cron import Schedule
from restow.policies.model import Model, Seconds, Whole, contradiction
from restow.policies.selector import Selector

MOST_SHAPES = 16
MOST_MIGRATIONS = 100_000
MOST_DAYS = 90
DAY_S = 24 * 3600

Shape = Annotated[str, StringConstraints(min_length=3, max_length=512)]
Migrations = (
    Annotated[Whole, Field(ge=0, le=MOST_MIGRATIONS)]
    | Annotated[str, StringConstraints(pattern=r"^(100|[0-9]{1,2})%$")]
)
Price = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Ceiling = Annotated[Whole, Field(ge=1, le=MOST_MIGRATIONS)]


class Objective(StrEnum):
    """What is wanted within the migration limit."""

    DEFRAGMENT = "Defragment"
    CONSOLIDATE = "Consolidate"
    DRAIN = "Drain"
    BALANCE = "Balance"


class Rescheduling(Model):
    """Moves of running pods that make room for what comes next, now and then."""

    objective: Objective = Objective.DEFRAGMENT
    """Defragment: as much room as possible for the shapes, or, with untilFragmentation, as few
    moves as reach it. Consolidate: as many nodes as possible without a pod but those of
    DaemonSets, for an autoscaler to remove. Drain: no pod on the nodes that drain selects or that
    carry the annotation restow.dev/drain=true. Balance: as few moves as bring every node's
    utilization down to untilUtilization."""
    until_fragmentation: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    """Fragmentation that is low enough, of Defragment: nothing moves below it."""
    until_utilization: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    """Of Balance: what the pods of a node may ask for of its main resource at most, as a share. The
    main resource is the device that the first shape asks for, else CPU. No pod moves to where it
    is exceeded, or would be."""
    drain: Selector | None = None
    """Of Drain: labels of the nodes to drain, kubernetes.io/hostname among them, besides those with
    the annotation restow.dev/drain=true."""
    price_per_migration: Price | None = None
    """What an ordinary migration has to gain, as a quantity: of Defragment of the main resource of
    the first shape, usable room of it, so that 500m is half a core or half a device; of Consolidate
    of nodes, so that 100m is a node for ten. Migrations that cost more pay more
    (docs/rescheduling.md). A plan whose gain does not pay that is not made."""
    interval_seconds: Whole = Field(default=600, ge=60, le=7 * DAY_S)
    """How long after one look at the cluster the next one comes. None while pods wait for a place
    or a plan is carried out. After plans that were aborted, or undone by later ones, twice as long
    for each in a row, up to a day."""
    schedule: Schedule | None = None
    """When the cluster is looked at, instead of every intervalSeconds. A time that passes while
    restow is not running is not made up for."""
    max_migrations: Migrations = "3%"
    """Most pods that one plan may move: a number, or a share of the covered pods that run.
    limits.movesPerPlan and what is left of limits.movesPerHour and limits.movesPerDay bound it as
    well."""
    moves_per_node: Ceiling | None = None
    """Most pods that one plan may move away from one node; left out for any number."""
    moves_per_namespace: Ceiling | None = None
    """Most pods of one namespace that one plan may move; left out for any number."""
    moves_per_workload: Ceiling | None = None
    """Most pods of one workload, a Deployment for one, that one plan may move; left out for any
    number."""
    shapes: tuple[Shape, ...] = Field(default=(), max_length=MOST_SHAPES)
    """What there should be room for, such as nvidia.com/gpu=8,cpu=32,memory=256Gi, with weight=2
    among them where one counts more than another. Default: the largest covered pod, of each kind
    of device if pods ask for any."""
    learn_shapes_days: Annotated[Whole, Field(ge=1, le=MOST_DAYS)] | None = None
    """Over how many days shapes are learned, instead of being written: what covered pods asked for
    at a look within them, those that wait among them, each weighing as its pods are many; the eight
    of the greatest demand, devices alone if pods ask for any. status.seenShapes has them."""
    minimum_gain: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.01
    """By how much a plan of Defragment must lower fragmentation, which is between 0 and 1, to be
    made. One of another objective is made if it gets any nearer to it."""
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

    @field_validator("price_per_migration")
    @classmethod
    def _price_can_be_read(cls, value: str | None) -> str | None:
        if value is not None:
            price_of(value)
        return value

    @model_validator(mode="after")
    def _fields_fit_objective(self) -> Self:
        for field, given, objectives in (
            ("untilFragmentation", self.until_fragmentation, {Objective.DEFRAGMENT}),
            ("untilUtilization", self.until_utilization, {Objective.BALANCE}),
            ("drain", self.drain, {Objective.DRAIN}),
            ("pricePerMigration", self.price_per_migration, PRICED),
        ):
            if given is not None and self.objective not in objectives:
                raise contradiction(
                    field=field,
                    problem=f"{self.objective} has no use for it",
                    remedy=f"leave it out, or use objective {' or '.join(sorted(objectives))}",
                )
        if self.objective is Objective.BALANCE and self.until_utilization is None:
            raise contradiction(
                field="untilUtilization",
                problem="Balance needs it",
                remedy="say what share of a node may be asked for, such as 0.8",
            )
        if self.learn_shapes_days is not None and self.shapes:
            raise contradiction(
                field="learnShapesDays",
                problem="shapes are written already",
                remedy="leave out either shapes or learnShapesDays",
            )
        if self.price_per_migration is not None and self.until_fragmentation is not None:
            raise contradiction(
                field="pricePerMigration",
                problem="a goal is to be reached whatever the migrations cost",
                remedy="leave out either pricePerMigration or untilFragmentation",
            )
        return self

    def limit(self, pods: int) -> int:
        """Return most pods that one plan may move, of so many that run; at least one of any."""
        if isinstance(self.max_migrations, int):
            return self.max_migrations
        percent = int(self.max_migrations.rstrip("%"))
        return max(1, pods * percent // 100) if percent and pods else 0

    def price(self) -> Fraction:
        """Return what an ordinary migration has to gain, in whole units."""
        return (
            Fraction(0) if self.price_per_migration is None else price_of(self.price_per_migration)
        )


PRICED = frozenset({Objective.DEFRAGMENT, Objective.CONSOLIDATE})
"""Objectives whose gain can be weighed against migrations."""


def price_of(text: str) -> Fraction:
    """Return a price in whole units of what it is of.

    Raises
    ------
    ValueError
        It is no quantity, or below nothing.
    """
    try:
        found = Fraction(value_nano(text), 10**9)
    except ValueError as error:
        raise contradiction(
            problem=f"{text!r} is no quantity", remedy="write one such as 2 or 500m"
        ) from error
    if found < 0:
        raise contradiction(problem=f"{text!r} is below nothing", remedy="write 0 or more")
    return found
