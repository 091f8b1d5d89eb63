"""The index by labels answers as asking every selector would."""

from hypothesis import given
from hypothesis import strategies as st

from restow.cluster.label_index import Labelled, Selecting
from restow.cluster.selectors import matches
from restow.cluster.terms import LabelSelector, Operator, Requirement
from restow.core.frozen import Labels

KEYS, VALUES = st.sampled_from("ab"), st.sampled_from("xyz")

labels = st.dictionaries(KEYS, VALUES, max_size=2).map(Labels)
requirements = st.builds(
    lambda key, operator, values: Requirement(
        key=key,
        operator=operator,
        values=() if "xist" in operator else tuple(values),
    ),
    KEYS,
    st.sampled_from((Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)),
    st.lists(VALUES, max_size=2),
)
selectors = st.lists(requirements, max_size=2).map(
    lambda each: LabelSelector(requirements=tuple(each))
)


@given(st.lists(selectors, max_size=6), labels)
def test_selectors_found_by_labels_are_those_that_match_in_order(
    some: list[LabelSelector], asked: Labels
) -> None:
    found = Selecting(zip(some, range(len(some)), strict=True)).matching(asked)
    assert found == tuple(i for i, each in enumerate(some) if matches(each, asked))


@given(st.lists(labels, max_size=6), selectors)
def test_labels_narrowed_down_miss_none_that_match_and_keep_their_order(
    some: list[Labels], asked: LabelSelector
) -> None:
    likely = list(Labelled([(each, i) for i, each in enumerate(some)]).likely(asked))
    assert likely == sorted(set(likely))
    assert {i for i, each in enumerate(some) if matches(asked, each)} <= set(likely)


def test_a_selector_with_values_asks_only_the_labels_that_have_one() -> None:
    index = Labelled([(Labels({"app": str(i)}), i) for i in range(9)])
    app = Requirement(key="app", operator=Operator.IN, values=("3", "5"))
    assert list(index.likely(LabelSelector(requirements=(app,)))) == [3, 5]
