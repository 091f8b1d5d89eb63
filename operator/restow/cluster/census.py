"""Pods by what rules between pods can tell of them: namespace and labels, and what they ask."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from restow.cluster.label_index import Labelled
from restow.cluster.objects import Pod, by_key
from restow.cluster.terms import LabelSelector
from restow.core.frozen import Labels

Group = tuple[str, Labels]

EVERYTHING: Final = LabelSelector()


@dataclass(frozen=True, kw_only=True)
class Census:
    """All pods of a snapshot.

    Parameters
    ----------
    groups
        Pods per namespace and labels, sorted by key; never empty.
    asking
        Pods that ask something of others: by affinity, spread or volumes; sorted by key.
    leaving
        Pods that are being deleted, sorted by key.
    """

    groups: Mapping[Group, tuple[Pod, ...]]
    asking: tuple[Pod, ...]
    leaving: tuple[Pod, ...]
    _labelled: Mapping[str, Labelled[Group]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, pods: Iterable[Pod]) -> Self:
        """Group the pods, which are sorted by key."""
        found: dict[Group, list[Pod]] = {}
        asking, leaving = [], []
        for pod in pods:
            found.setdefault((pod.key.namespace, pod.labels), []).append(pod)
            if _asks(pod):
                asking.append(pod)
            if pod.deleting:
                leaving.append(pod)
        groups = {group: tuple(members) for group, members in found.items()}
        return cls(
            groups=groups,
            asking=tuple(asking),
            leaving=tuple(leaving),
            _labelled=_labelled(groups),
        )

    def following(self, gone: Collection[Pod], come: Collection[Pod]) -> Self:
        """Return the census when some pods have gone and others come."""
        left = {id(pod) for pod in gone}
        groups = dict(self.groups)
        touched = {(pod.key.namespace, pod.labels) for pod in (*gone, *come)}
        known = all(group in groups for group in touched)
        for group in touched:
            new = [p for p in come if (p.key.namespace, p.labels) == group]
            members = _merged(groups.pop(group, ()), left, new)
            if members:
                groups[group] = members
        return type(self)(
            groups=groups,
            asking=_merged(self.asking, left, [pod for pod in come if _asks(pod)]),
            leaving=_merged(self.leaving, left, [pod for pod in come if pod.deleting]),
            _labelled=self._labelled if known else _labelled(groups),
        )

    @property
    def namespaces(self) -> Collection[str]:
        """The namespaces that have, or had, pods."""
        return self._labelled.keys()

    def likely(self, namespace: str, selector: LabelSelector | None) -> Iterator[tuple[Pod, ...]]:
        """Yield pods of equal labels that the selector may match, none that it matches missing."""
        for group in self._labelled[namespace].likely(selector or EVERYTHING):
            if group in self.groups:
                yield self.groups[group]


def _labelled(groups: Iterable[Group]) -> dict[str, Labelled[Group]]:
    found: dict[str, list[tuple[Labels, Group]]] = {}
    for namespace, labels in groups:
        found.setdefault(namespace, []).append((labels, (namespace, labels)))
    return {namespace: Labelled(each) for namespace, each in found.items()}


def _merged(pods: tuple[Pod, ...], gone: set[int], come: list[Pod]) -> tuple[Pod, ...]:
    kept = [pod for pod in pods if id(pod) not in gone]
    if come:
        kept += come
        kept.sort(key=by_key)
    return pods if len(kept) == len(pods) and not come else tuple(kept)


def _asks(pod: Pod) -> bool:
    return bool(pod.affinity or pod.anti_affinity or pod.spread or pod.volumes)
