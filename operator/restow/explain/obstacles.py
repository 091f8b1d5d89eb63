"""What keeps one pod off every node, now and if all that may move were gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.explain.boards import Boards, Verdicts
from restow.explain.counting import Count, count_nodes
from restow.explain.nearest import Looker, Near
from restow.planning.formulation import Formulation
from restow.policies.coverage import Policy, refuses_node
from restow.rules import leaving
from restow.rules.moving.budgets import BudgetIndex
from restow.rules.survey import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacles:
    """Everything that keeps a pod pending.

    Parameters
    ----------
    count
        What the nodes say now, as kube-scheduler counts them.
    nearest
        The nodes that come nearest to taking the pod; none where no node is asked.
    impossible
        Whether rules that no arrival elsewhere could reconcile keep it off every node, even with
        all gone that may move: no search is needed to prove that it stays pending.
    budgets
        Spent disruption budgets without which a node would take the pod.
    """

    count: Count
    nearest: tuple[Near, ...]
    impossible: bool
    budgets: tuple[ObjectKey, ...]


@dataclass(frozen=True, kw_only=True)
class Inquest:
    """Asks what keeps pods off the nodes of one snapshot under one policy.

    Parameters
    ----------
    formulation
        Who may move, and why the others stay. An empty one: nobody is known to move.
    """

    snapshot: Snapshot
    policy: Policy
    formulation: Formulation
    boards: Boards

    @classmethod
    def of(cls, snapshot: Snapshot, policy: Policy, formulation: Formulation) -> Self:
        """Make the boards once for all pods that are asked about."""
        return cls(
            snapshot=snapshot,
            policy=policy,
            formulation=formulation,
            boards=Boards.of(snapshot, formulation),
        )

    def obstacles(self, pod: Pod) -> Obstacles:
        """Return what keeps `pod`, which sits nowhere, off the nodes."""
        survey = Survey.of(pod, self.boards.now, nominated=self.snapshot.nominated)
        count = count_nodes(survey, self.snapshot.nodes.values())
        nominated = tuple(self._ahead(pod))
        now = Verdicts(pod, self.boards.now, nominated)
        cleared = Verdicts(pod, self.boards.cleared, nominated)
        nodes = self.snapshot.nodes
        hopeless = {name for name in nodes if name in self._caution or cleared.hopeless(name)}
        looker = Looker(
            pod=pod,
            now=now,
            cleared=cleared,
            caution=self._caution,
            fixed=self._reasons_to_stay,
        )
        return Obstacles(
            count=count,
            nearest=() if count.everywhere is not None else looker.nearest(nodes.values()),
            impossible=len(hopeless) == len(nodes),
            budgets=self._budgets(pod, nominated, hopeless - self._caution.keys()),
        )

    @cached_property
    def _caution(self) -> dict[NodeName, Refusal]:
        """Restow's own no to nodes, beyond the rules of kube-scheduler."""
        said = (
            (name, refuses_node(self.policy, node) or leaving.of(node))
            for name, node in sorted(self.snapshot.nodes.items())
        )
        return {name: no for name, no in said if no is not None}

    def _ahead(self, pod: Pod) -> Iterator[Pod]:
        """Yield the pods whose nomination holds room against `pod`."""
        for node, pods in self.snapshot.nominated.items():
            if node in self.snapshot.nodes:
                yield from (
                    each for each in pods if each.uid != pod.uid and each.priority >= pod.priority
                )

    @cached_property
    def _reasons_to_stay(self) -> dict[NodeName, tuple[Reason, ...]]:
        fixed = self.formulation.fixed
        return {
            name: tuple(fixed[pod.uid].reason for pod in pods if pod.uid in fixed)
            for name, pods in self.snapshot.pods_by_node.items()
        }

    def _budgets(
        self, pod: Pod, nominated: tuple[Pod, ...], hopeless: set[NodeName]
    ) -> tuple[ObjectKey, ...]:
        """Return the spent budgets whose pods, if they could move, would open one of the nodes."""
        opened = None
        found: set[ObjectKey] = set()
        for node in sorted(hopeless):
            held = [other for other in self.boards.now.pods(node) if self._out_of_budget(other)]
            if not held:
                continue
            opened = opened or Verdicts(pod, self.boards.unbudgeted, nominated)
            if not opened.hopeless(node):
                drawn = map(self._index.drawn_on, held)
                found.update(budget.key for budget in drawn if budget is not None)
        return tuple(sorted(found))

    @cached_property
    def _index(self) -> BudgetIndex:
        return BudgetIndex.of(self.snapshot)

    def _out_of_budget(self, pod: Pod) -> bool:
        no = self.formulation.fixed.get(pod.uid)
        return no is not None and no.reason is Reason.BUDGET_EXHAUSTED
