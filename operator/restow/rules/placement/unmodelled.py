"""Rules of kube-scheduler that restow does not understand yet, and whom they concern.

Upstream: plugins interpodaffinity, podtopologyspread, volumebinding, volumezone,
volumerestrictions, nodevolumelimits, dynamicresources, gangscheduling, nodedeclaredfeatures.

A pod is concerned by its own spec (`of`) or by another pod's (`TermIndex`): kube-scheduler keeps a
newcomer off a topology where a running pod's required anti-affinity selects it, and moving a pod
that another one's required affinity or spread counts would break what that one asked for. Which
nodes are meant is the part that is not understood, so the treatment is the same everywhere: a
concerned pod is never moved or evicted, and when pending it is placed only by nomination, which
leaves the verdict to kube-scheduler. A pod that nobody's terms select is placed as usual, whatever
the terms of its neighbours. Preferred terms and ScheduleAnyway are scores and no rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from restow.cluster.objects import Feature, Pod
from restow.cluster.selectors import matches
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Selection
from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason, Refusal

_OWN: Final = (
    (Feature.POD_GROUP, Reason.POD_GROUP, "it belongs to a pod group"),
    (Feature.RESOURCE_CLAIM, Reason.RESOURCE_CLAIM, "it has resource claims"),
    (Feature.VOLUME_CLAIM, Reason.VOLUME_CLAIM, "it has volumes that bind it to nodes"),
    (
        Feature.INTER_POD_AFFINITY,
        Reason.INTER_POD_AFFINITY,
        "it has required affinity or anti-affinity to pods",
    ),
    (Feature.TOPOLOGY_SPREAD, Reason.TOPOLOGY_SPREAD, "it has a hard topology spread constraint"),
    (Feature.NODE_FEATURE, Reason.NODE_FEATURE, "it needs a feature that nodes declare"),
)

_REASONS: Final = {feature: reason for feature, reason, _ in _OWN}

_WORDS: Final = {
    Feature.INTER_POD_AFFINITY: "required affinity or anti-affinity",
    Feature.TOPOLOGY_SPREAD: "hard topology spread",
}


Term = tuple[Feature, Selection]


def _terms(pod: Pod) -> Iterator[Term]:
    for each in (*pod.affinity, *pod.anti_affinity):
        yield Feature.INTER_POD_AFFINITY, each.pods
    for constraint in pod.spread:
        mine = Selection(selector=constraint.selector, namespaces=frozenset({pod.key.namespace}))
        yield Feature.TOPOLOGY_SPREAD, mine


def of(pod: Pod) -> Refusal | None:
    """Return the first rule beyond restow that the pod's own spec brings in, or None."""
    if not pod.features:
        return None
    for feature, reason, fact in _OWN:
        if feature in pod.features:
            return Refusal(reason, f"restow does not model this yet: {fact}")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermIndex:
    """The hard terms of all pods, each distinct one once, found by the namespaces they are about.

    Parameters
    ----------
    named
        Per namespace, the terms that name it, each with the first pod (by key) that carries it.
    selecting
        The terms that select namespaces by label.
    namespace_labels
        Labels of the namespaces.
    """

    named: Mapping[str, tuple[tuple[Term, ObjectKey], ...]]
    selecting: tuple[tuple[Term, ObjectKey], ...]
    namespace_labels: Mapping[str, Labels]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Collect the terms of every pod, pending ones included: they may arrive any moment."""
        carriers: dict[Term, ObjectKey] = {}
        for pod in snapshot.pods.values():
            for term in _terms(pod):
                carriers.setdefault(term, pod.key)
        named: dict[str, list[tuple[Term, ObjectKey]]] = {}
        for term, key in carriers.items():
            for namespace in sorted(term[1].namespaces):
                named.setdefault(namespace, []).append((term, key))
        return cls(
            named={namespace: tuple(terms) for namespace, terms in named.items()},
            selecting=tuple(
                (term, key)
                for term, key in carriers.items()
                if term[1].namespace_selector is not None
            ),
            namespace_labels={name: each.labels for name, each in snapshot.namespaces.items()},
        )

    def refuse(self, pod: Pod) -> Refusal | None:
        """Return the rule beyond restow that concerns `pod`, its own first, or None."""
        own = of(pod)
        if own is not None:
            return own
        for (feature, pods), carrier in self._about_namespace(pod.key.namespace):
            if pods.selector is not None and matches(pods.selector, pod.labels):
                return Refusal(
                    _REASONS[feature],
                    f"restow does not model this yet: {_WORDS[feature]} of pod {carrier} "
                    "selects it",
                )
        return None

    def _about_namespace(self, namespace: str) -> Iterator[tuple[Term, ObjectKey]]:
        yield from self.named.get(namespace, ())
        labels = self.namespace_labels.get(namespace, NO_LABELS)
        for term, carrier in self.selecting:
            wanted = term[1].namespace_selector
            if wanted is not None and matches(wanted, labels):
                yield term, carrier
