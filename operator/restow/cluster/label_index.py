"""Which of many selectors match some labels, and which of many labels a selector may match.

Both by one `In` requirement, which nearly every selector has: thousands of workloads with a
disruption budget or a spread constraint each must not cost their product.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from restow.cluster.selectors import matches
from restow.cluster.terms import LabelSelector, Operator, Requirement
from restow.core.frozen import Labels

T = TypeVar("T")

_Pair = tuple[str, str]


class Selecting(Generic[T]):
    """Things with a selector each, found by the labels that it matches."""

    def __init__(self, things: Iterable[tuple[LabelSelector, T]] = ()) -> None:
        self._things: list[tuple[LabelSelector, T]] = []
        self._by_pair: dict[_Pair, list[int]] = {}
        self._others: list[int] = []
        self._known: set[T] = set()
        for selector, thing in things:
            self.add(selector, thing)

    def add(self, selector: LabelSelector, thing: T) -> None:
        """Take in one more; one that is known already keeps its selector."""
        if thing in self._known:
            return
        self._known.add(thing)
        index, one = len(self._things), _telling(selector)
        self._things.append((selector, thing))
        if one is None:
            self._others.append(index)
            return
        for value in dict.fromkeys(one.values):
            self._by_pair.setdefault((one.key, value), []).append(index)

    def matching(self, labels: Mapping[str, str]) -> tuple[T, ...]:
        """Return the things whose selector matches the labels, in the order given."""
        asked = list(self._others)
        for pair in labels.items():
            asked += self._by_pair.get(pair, ())
        return tuple(
            self._things[index][1]
            for index in sorted(asked)
            if matches(self._things[index][0], labels)
        )


class Labelled(Generic[T]):
    """Things with labels, narrowed down by a selector."""

    def __init__(self, things: Sequence[tuple[Labels, T]]) -> None:
        self._things = tuple(thing for _, thing in things)
        self._by_pair: dict[_Pair, list[int]] = {}
        for index, (labels, _) in enumerate(things):
            for pair in labels.items():
                self._by_pair.setdefault(pair, []).append(index)

    def likely(self, selector: LabelSelector) -> Iterator[T]:
        """Yield the things that the selector may match, none that it matches missing, in order."""
        one = _telling(selector)
        if one is None:
            yield from self._things
            return
        found = {i for value in one.values for i in self._by_pair.get((one.key, value), ())}
        for index in sorted(found):
            yield self._things[index]


def _telling(selector: LabelSelector) -> Requirement | None:
    """Return a requirement that only labels with one of its values meet; None without any."""
    listed = (one for one in selector.requirements if one.operator in _LISTING)
    return next(listed, None)


_LISTING = frozenset({Operator.IN, Operator.EQUAL})
