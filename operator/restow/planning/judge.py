"""All rules about one snapshot under one policy, indexed once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from restow.cluster.objects import Feature, Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.policies.coverage import Policy, governing, refuses_node, refuses_pod
from restow.rules import leaving, pending, storage_demand, wishes
from restow.rules.devices.demand import has_claims
from restow.rules.moving import registry as moving
from restow.rules.moving.budgets import BudgetIndex
from restow.rules.wishes import Wishes


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Answers what may be done to a pod or a node.

    Parameters
    ----------
    others
        Further policies; a pod that one of them governs (`coverage.governing`) is not ours.
    moved
        Pods that came in the place of a moved one, and when that one left.
    workloads
        Controllers of moved pods, and when the last of them left.
    within
        The nodes that are looked at; None for all that the policy covers.
    """

    snapshot: Snapshot
    policy: Policy
    now: datetime
    others: tuple[Policy, ...] = ()
    moved: Mapping[str, datetime] = field(default_factory=dict)
    workloads: Mapping[str, datetime] = field(default_factory=dict)
    within: frozenset[NodeName] | None = None

    @cached_property
    def _context(self) -> moving.Context:
        return moving.Context.of(
            self.snapshot,
            moving=self.policy.spec.moving,
            scheduler_names=self.policy.spec.scope.scheduler_names,
            moved=self.moved,
            workloads=self.workloads,
            now=self.now,
        )

    @property
    def budgets(self) -> BudgetIndex:
        """The disruption budgets."""
        return self._context.budgets

    def unbindable(self, pod: Pod) -> bool:
        """Whether only kube-scheduler can bind the pod: it alone binds volumes and devices.

        Pods of a group it takes up together.
        """
        snapshot = self.snapshot
        grouped = Feature.POD_GROUP in pod.features
        return grouped or storage_demand.unbound(pod, snapshot) or has_claims(pod, snapshot)

    def wishes(self, pod: Pod) -> Wishes:
        """Return what the annotations ask for the pod."""
        return wishes.of(pod, self.snapshot, self.policy.spec.priorities)

    def not_covered(self, pod: Pod) -> Refusal | None:
        """Return why the pod is not this policy's, or None."""
        namespaces = self.snapshot.namespaces
        no = refuses_pod(self.policy, pod, namespaces)
        if no is not None:
            return no
        first = governing((self.policy, *self.others), pod, namespaces)
        if first is not None and first.name != self.policy.name:
            return Refusal(Reason.NOT_SELECTED, f"policy {first.name!r} governs the pod")
        return None

    def not_pending(self, pod: Pod) -> Refusal | None:
        """Return why the pod is not work for this policy now, or None when it is."""
        scope = self.policy.spec.scope
        return pending.why_not_pending(
            pod,
            scheduler_names=scope.scheduler_names,
            grace_s=self.policy.spec.grace_seconds,
            now=self.now,
        ) or self.not_covered(pod)

    def why_fixed(self, pod: Pod, known: Wishes | None = None) -> Refusal | None:
        """Return why the running pod may be neither moved nor evicted, or None."""
        return next(self.reasons_to_stay(pod, known), None)

    def reasons_to_stay(self, pod: Pod, known: Wishes | None = None) -> Iterator[Refusal]:
        """Yield every reason why the running pod may be neither moved nor evicted."""
        no = self.not_covered(pod)
        if no is not None:
            yield no
        node = self.snapshot.nodes.get(pod.node) if pod.node is not None else None
        if node is None:
            yield Refusal(Reason.NOT_RUNNING, f"its node {pod.node} is not known")
            return
        if not node.ready:
            yield Refusal(
                Reason.NODE_LEAVING, f"node {node.name} is not ready: an eviction would not end"
            )
        no = refuses_node(self.policy, node)
        if no is not None:
            yield no.by(node.name)
        asked = known or self.wishes(pod)
        yield from moving.reasons_to_stay(pod, self._context, movable=asked.movable)

    def resting(self, pod: Pod) -> bool:
        """Return whether the running pod stays for a time that only has to pass."""
        return moving.rests(pod, self._context)

    def targets(self) -> tuple[Node, ...]:
        """Return the nodes that may receive pods, sorted by name."""
        return self._targets

    def covered(self) -> tuple[Node, ...]:
        """Return the nodes that the policy covers, and that are looked at, sorted by name."""
        return self._covered

    @cached_property
    def _targets(self) -> tuple[Node, ...]:
        return tuple(node for node in self._covered if leaving.of(node) is None)

    @cached_property
    def _covered(self) -> tuple[Node, ...]:
        nodes = self.snapshot.nodes
        looked_at = nodes.values() if self.within is None else (nodes[n] for n in self.within)
        mine = (node for node in looked_at if refuses_node(self.policy, node) is None)
        return tuple(sorted(mine, key=lambda node: node.name))
