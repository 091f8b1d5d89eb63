"""Label selectors as written in a policy."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from restow.cluster.terms import LabelSelector, Operator, Requirement
from restow.policies.model import LABEL_KEY, LABEL_VALUE, Model, contradiction

LabelKey = Annotated[str, StringConstraints(min_length=1, max_length=317, pattern=LABEL_KEY)]
LabelValue = Annotated[str, StringConstraints(max_length=63, pattern=LABEL_VALUE)]


class SelectorOperator(StrEnum):
    """Operators of a label selector."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class SelectorExpression(Model):
    """One requirement on a label."""

    key: LabelKey
    """The label's key."""
    operator: SelectorOperator
    """How the label's value relates to `values`."""
    values: tuple[LabelValue, ...] = Field(default=(), max_length=64)
    """Values for In and NotIn; left out for Exists and DoesNotExist."""

    @model_validator(mode="after")
    def _values_fit_operator(self) -> Self:
        takes_values = self.operator in {SelectorOperator.IN, SelectorOperator.NOT_IN}
        if takes_values and not self.values:
            raise contradiction(
                field="values",
                problem=f"operator {self.operator} on key {self.key!r} has no values",
                remedy="list at least one value, or use operator Exists or DoesNotExist",
            )
        if not takes_values and self.values:
            raise contradiction(
                field="values",
                problem=f"operator {self.operator} on key {self.key!r} takes no values",
                remedy="remove the values, or use operator In or NotIn",
            )
        return self

    @property
    def requirement(self) -> Requirement:
        """The expression as the matcher wants it."""
        return Requirement(key=self.key, operator=Operator(self.operator.value), values=self.values)


class Selector(Model):
    """A label selector; all its requirements must hold, and an empty one selects everything."""

    match_labels: dict[LabelKey, LabelValue] = Field(default_factory=dict, max_length=64)
    """Labels that must be there with exactly these values."""
    match_expressions: tuple[SelectorExpression, ...] = Field(default=(), max_length=64)
    """Further requirements on labels."""

    @model_validator(mode="after")
    def _selects_something(self) -> Self:
        for key in sorted({requirement.key for requirement in self._requirements()}):
            of_key = [each for each in self._requirements() if each.key == key]
            if _excludes_all(of_key):
                raise contradiction(
                    problem=f"no object can meet all requirements on the label {key!r}",
                    remedy="remove one of the requirements on it",
                )
        return self

    def _requirements(self) -> Iterator[Requirement]:
        for key, value in sorted(self.match_labels.items()):
            yield Requirement(key=key, operator=Operator.IN, values=(value,))
        for expression in self.match_expressions:
            yield expression.requirement

    def frozen(self) -> LabelSelector:
        """Return the selector as the matcher (`cluster.selectors.matches`) wants it."""
        return LabelSelector(requirements=tuple(self._requirements()))


def _excludes_all(requirements: list[Requirement]) -> bool:
    """Return whether no value, nor the absence, of one label meets all its requirements."""
    operators = {requirement.operator for requirement in requirements}
    present = bool(operators & {Operator.IN, Operator.EXISTS})
    if present and Operator.DOES_NOT_EXIST in operators:
        return True
    within = [set(each.values) for each in requirements if each.operator is Operator.IN]
    if not within:
        return False
    refused = {
        value for each in requirements if each.operator is Operator.NOT_IN for value in each.values
    }
    return not (set.intersection(*within) - refused)
