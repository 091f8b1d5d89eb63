"""Conditions, as every Kubernetes object carries them."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from restow.policies.model import Model, Whole


class ConditionStatus(StrEnum):
    """Whether the condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Model):
    """One aspect of the state of the object."""

    type: Annotated[str, StringConstraints(min_length=1, max_length=316)]
    """What the condition is about, in CamelCase."""
    status: ConditionStatus
    """Whether it holds: True, False or Unknown."""
    reason: Annotated[
        str,
        StringConstraints(
            min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
        ),
    ]
    """Why, in one CamelCase word."""
    message: Annotated[str, StringConstraints(max_length=32768)] = ""
    """Why, for people: what is the matter and what to change."""
    last_transition_time: AwareDatetime
    """When the status last changed."""
    observed_generation: Whole | None = Field(default=None, ge=0)
    """Generation of the spec that the condition speaks of."""


def put(conditions: tuple[Condition, ...], new: Condition) -> tuple[Condition, ...]:
    """Return the conditions with `new` in the place of its type, sorted by type.

    The transition time moves only when the status does.
    """
    old = next((each for each in conditions if each.type == new.type), None)
    if old is not None and old.status is new.status:
        new = new.model_copy(update={"last_transition_time": old.last_transition_time})
    others = [each for each in conditions if each.type != new.type]
    return tuple(sorted([*others, new], key=lambda each: each.type))
