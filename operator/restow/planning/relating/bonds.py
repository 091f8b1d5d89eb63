"""Bonds: the rules between the pods of a whole cluster, with who carries each and whom it means.

They know nothing of what is to be decided. So they serve from one snapshot to the next, but for the
few that a changed pod has to do with.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar

from restow.cluster.following import Changed
from restow.cluster.objects import Pod
from restow.cluster.selectors import selects
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection, SpreadConstraint
from restow.core.ids import Uid
from restow.rules.placement import topology_spread

T = TypeVar("T")

Selections = tuple[Selection, ...]
"""All of them have to mean a pod; without any, none is meant."""

Place = tuple[str, str, int]
"""The key of the first pod that carries a rule, and where among its rules it is."""


class Carried(NamedTuple):
    """A spread constraint with what of its pod it depends on; equal ones are one rule."""

    constraint: SpreadConstraint
    namespace: str
    sight: topology_spread.Sight
    counts_itself: bool


class Bond(NamedTuple, Generic[T]):
    """A rule between pods.

    Parameters
    ----------
    carriers
        The pods that carry it, sorted by key.
    meant
        The pods that it means, sorted by key; the very same tuple if they are the carriers.
    uids
        Of both.
    place
        By which bonds are sorted.
    """

    rule: T
    selections: Selections
    carriers: tuple[Pod, ...]
    meant: tuple[Pod, ...]
    uids: frozenset[Uid]
    place: Place


class Kind(NamedTuple, Generic[T]):
    """A kind of rules: which of them a pod carries, in order, and what one of them selects."""

    carried: Callable[[Pod], Iterable[T]]
    selections: Callable[[T], Selections]

    def bonds(self, pods: Iterable[Pod], snapshot: Snapshot) -> tuple[Bond[T], ...]:
        """Return the bonds of the rules that pods, sorted by key, carry."""
        carriers: dict[T, list[Pod]] = {}
        places: dict[T, Place] = {}
        for pod in pods:
            for number, rule in enumerate(self.carried(pod)):
                if rule not in carriers:
                    carriers[rule] = []
                    places[rule] = (pod.key.namespace, pod.key.name, number)
                carriers[rule].append(pod)
        return tuple(
            self._bond(rule, tuple(each), places[rule], snapshot) for rule, each in carriers.items()
        )

    def following(
        self, before: tuple[Bond[T], ...], changed: Collection[Changed], snapshot: Snapshot
    ) -> tuple[Bond[T], ...]:
        """Return what `bonds` says of the snapshot, when some pods of the one before have changed.

        Bonds that no changed pod has to do with are taken over.
        """
        gone = {each.before.uid for each in changed if each.before is not None}
        come = [each.after for each in changed if each.after is not None]
        new = [each.after for each in changed if each.after is not None and not _looks_same(each)]
        carried = {rule for pod in come for rule in self.carried(pod)}
        kept, touched = [], list[Bond[T]]()
        for bond in before:
            if (
                bond.uids.isdisjoint(gone)
                and not (carried and bond.rule in carried)
                and not any(_means(bond.selections, pod, snapshot) for pod in new)
            ):
                kept.append(bond)
            else:
                touched.append(bond)
        if not touched and not carried:
            return before
        rules = carried.union(bond.rule for bond in touched)
        pods = (pod for bond in touched for pod in bond.carriers if pod.uid not in gone)
        carriers = {pod.key: pod for pod in (*pods, *come)}
        made = self.bonds((carriers[key] for key in sorted(carriers)), snapshot)
        kept += (bond for bond in made if bond.rule in rules)
        return tuple(sorted(kept, key=_place))

    def _bond(
        self, rule: T, carriers: tuple[Pod, ...], place: Place, snapshot: Snapshot
    ) -> Bond[T]:
        selections = self.selections(rule)
        meant = _meant(selections, snapshot)
        uids = frozenset(pod.uid for pods in (carriers, meant) for pod in pods)
        return Bond(
            rule, selections, carriers, carriers if meant == carriers else meant, uids, place
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonds:
    """The bonds of a snapshot, kind by kind; each sorted by the first pod that carries it.

    Parameters
    ----------
    apart, close, spread
        By required anti-affinity, by all terms of required affinity together, and by hard topology
        spread.
    """

    apart: tuple[Bond[PodTerm], ...]
    close: tuple[Bond[tuple[PodTerm, ...]], ...]
    spread: tuple[Bond[Carried], ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the bonds of the snapshot."""
        return cls(
            **{name: kind.bonds(snapshot.census.asking, snapshot) for name, kind in KINDS.items()}
        )

    def following(self, changed: Collection[Changed], snapshot: Snapshot) -> Self:
        """Return the bonds of a snapshot with the same namespaces, when some pods have changed."""
        return type(self)(
            **{
                name: kind.following(getattr(self, name), changed, snapshot)
                for name, kind in KINDS.items()
            }
        )


def _spreads(pod: Pod) -> Iterable[Carried]:
    for each in pod.spread:
        yield Carried(
            constraint=each,
            namespace=pod.key.namespace,
            sight=topology_spread.sight_of(pod, each),
            counts_itself=topology_spread.counts_itself(pod, each),
        )


def _counted(rule: Carried) -> Selections:
    """Return the selection of the pods that count; an empty selector counts nobody in place."""
    selector = rule.constraint.selector
    if selector is None or not selector.requirements:
        return ()
    return (Selection(selector=selector, namespaces=frozenset({rule.namespace})),)


KINDS: Final[Mapping[str, Kind[Any]]] = {
    "apart": Kind(lambda pod: pod.anti_affinity, lambda term: (term.pods,)),
    "close": Kind(
        lambda pod: (pod.affinity,) if pod.affinity else (),
        lambda terms: tuple(term.pods for term in terms),
    ),
    "spread": Kind(_spreads, _counted),
}


def _meant(selections: Selections, snapshot: Snapshot) -> tuple[Pod, ...]:
    if not selections or any(each.selector is None for each in selections):
        return ()
    groups = [
        alike
        for namespace in _namespaces(selections, snapshot)
        for alike in snapshot.census.likely(namespace, selections[0].selector)
        if _means(selections, alike[0], snapshot)
    ]
    if len(groups) == 1:
        return groups[0]
    return tuple(sorted((pod for alike in groups for pod in alike), key=lambda pod: pod.key))


def _namespaces(selections: Selections, snapshot: Snapshot) -> Iterable[str]:
    """Return the namespaces that may hold what the selections mean."""
    named = [each.namespaces for each in selections if each.namespace_selector is None]
    return sorted(frozenset(snapshot.census.namespaces).intersection(*named))


def _means(selections: Selections, pod: Pod, snapshot: Snapshot) -> bool:
    return bool(selections) and all(selects(each, pod, snapshot.namespaces) for each in selections)


def _looks_same(changed: Changed) -> bool:
    """Whether the pod is there before and after, and the same rules mean it."""
    before, after = changed
    return (
        before is not None
        and after is not None
        and (before.uid, before.key, before.labels) == (after.uid, after.key, after.labels)
    )


def _place(bond: Bond[T]) -> Place:
    return bond.place
