import pytest

from restow.cluster.selectors import holds, matches
from restow.cluster.terms import LabelSelector, Operator, Requirement
from restow.core.frozen import Labels

LABELS = Labels({"app": "web", "tier": "3", "empty": "", "offset": "-2"})


@pytest.mark.parametrize(
    ("key", "operator", "values", "expected"),
    [
        ("app", Operator.IN, ("web", "db"), True),
        ("app", Operator.IN, ("db",), False),
        ("absent", Operator.IN, ("web",), False),
        ("empty", Operator.IN, ("",), True),
        ("absent", Operator.IN, ("",), False),
        ("app", Operator.NOT_IN, ("db",), True),
        ("app", Operator.NOT_IN, ("web",), False),
        ("absent", Operator.NOT_IN, ("web",), True),
        ("empty", Operator.EXISTS, (), True),
        ("absent", Operator.EXISTS, (), False),
        ("absent", Operator.DOES_NOT_EXIST, (), True),
        ("app", Operator.DOES_NOT_EXIST, (), False),
        ("tier", Operator.GT, ("2",), True),
        ("tier", Operator.GT, ("3",), False),
        ("tier", Operator.LT, ("10",), True),
        ("offset", Operator.LT, ("-1",), True),
        ("offset", Operator.GT, ("-2",), False),
        ("app", Operator.GT, ("2",), False),
        ("tier", Operator.GT, ("x",), False),
        ("tier", Operator.LT, ("1_0",), False),
        ("tier", Operator.LT, (str(2**63),), False),
        ("tier", Operator.GT, (), False),
        ("absent", Operator.LT, ("1",), False),
    ],
)
def test_requirement_holds_as_upstream(
    key: str, operator: Operator, values: tuple[str, ...], expected: bool
) -> None:
    assert holds(Requirement(key=key, operator=operator, values=values), LABELS) is expected


def test_selector_needs_every_requirement_and_an_empty_one_matches_all() -> None:
    web = Requirement(key="app", operator=Operator.IN, values=("web",))
    absent = Requirement(key="absent", operator=Operator.EXISTS)
    assert matches(LabelSelector(), LABELS)
    assert matches(LabelSelector(requirements=(web,)), LABELS)
    assert not matches(LabelSelector(requirements=(web, absent)), LABELS)
