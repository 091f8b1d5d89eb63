"""Which policy covers a pod or a node.

Of several, the first by name governs, and one that covers every pod comes after all that select
some; overlaps are reported.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from restow.cluster.node_claims import NodeClaim
from restow.cluster.objects import Namespace, Node, Pod
from restow.cluster.selectors import holds, matches
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import LabelSelector
from restow.core.frozen import NO_LABELS
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.policies.packing_policy import PackingPolicySpec


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A valid PackingPolicy: its name and its spec."""

    name: str
    spec: PackingPolicySpec

    @cached_property
    def namespaces(self) -> LabelSelector:
        """Selector of the covered namespaces."""
        return self.spec.scope.namespaces.frozen()

    @cached_property
    def pods(self) -> LabelSelector:
        """Selector of the covered pods."""
        return self.spec.scope.pods.frozen()

    @cached_property
    def nodes(self) -> LabelSelector:
        """Selector of the covered nodes."""
        return self.spec.scope.nodes.frozen()

    @property
    def covers_all_pods(self) -> bool:
        """Whether neither namespaces nor pods are selected by label."""
        return not self.namespaces.requirements and not self.pods.requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Policies that cover the same pods.

    Parameters
    ----------
    governing
        The one that counts.
    others
        The ones that are passed over, in their order.
    pods
        Number of such pods.
    example
        The first of them by key.
    """

    governing: str
    others: tuple[str, ...]
    pods: int
    example: ObjectKey


def refuses_pod(policy: Policy, pod: Pod, namespaces: Mapping[str, Namespace]) -> Refusal | None:
    """Return why the policy does not cover the pod, None if it does.

    A namespace that is not in `namespaces` counts as one without labels.
    """
    if pod.scheduler_name not in policy.spec.scope.scheduler_names:
        return Refusal(
            Reason.FOREIGN_SCHEDULER,
            f"its scheduler {pod.scheduler_name!r} is not one of policy {policy.name!r}",
        )
    namespace = namespaces.get(pod.key.namespace)
    if not matches(policy.namespaces, namespace.labels if namespace else NO_LABELS):
        return Refusal(
            Reason.NOT_SELECTED,
            f"policy {policy.name!r} does not select namespace {pod.key.namespace!r}",
        )
    if not matches(policy.pods, pod.labels):
        return Refusal(
            Reason.NOT_SELECTED, f"policy {policy.name!r} does not select the pod's labels"
        )
    return None


def refuses_node(policy: Policy, node: Node) -> Refusal | None:
    """Return why the policy does not cover the node, None if it does."""
    if matches(policy.nodes, node.labels):
        return None
    return Refusal(Reason.NODE_NOT_SELECTED, f"policy {policy.name!r} does not select it")


def may_cover(policy: Policy, claim: NodeClaim, node: Node | None) -> bool:
    """Return whether the policy covers the claim's node, or may once it is there.

    Of one that has not joined, labels that are not known yet may be whatever is asked for.
    """
    if node is not None:
        return refuses_node(policy, node) is None
    asked = policy.nodes.requirements
    return all(each.key not in claim.labels or holds(each, claim.labels) for each in asked)


def covering(
    policies: Iterable[Policy], pod: Pod, namespaces: Mapping[str, Namespace]
) -> tuple[Policy, ...]:
    """Return the policies that cover the pod, in their order: the first governs it."""
    covers = (each for each in policies if refuses_pod(each, pod, namespaces) is None)
    return tuple(sorted(covers, key=lambda policy: (policy.covers_all_pods, policy.name)))


def governing(
    policies: Iterable[Policy], pod: Pod, namespaces: Mapping[str, Namespace]
) -> Policy | None:
    """Return the policy that governs the pod, None when none covers it."""
    return next(iter(covering(policies, pod, namespaces)), None)


def overlaps(policies: Iterable[Policy], snapshot: Snapshot) -> tuple[Overlap, ...]:
    """Return the sets of policies that cover pods of the snapshot together, sorted."""
    policies = tuple(policies)
    shared: dict[tuple[str, ...], list[ObjectKey]] = {}
    for pod in snapshot.pods.values():
        names = tuple(each.name for each in covering(policies, pod, snapshot.namespaces))
        if len(names) > 1:
            shared.setdefault(names, []).append(pod.key)
    return tuple(
        Overlap(governing=names[0], others=names[1:], pods=len(keys), example=min(keys))
        for names, keys in sorted(shared.items())
    )
