"""PodDisruptionBudgets, as the Eviction API judges them.

Source: `pkg/registry/core/pod/storage/eviction.go`: more than one budget is an error (500); an
unready pod goes without drawing on its budget if that says AlwaysAllow, or if the budget has its
desired number of healthy pods; otherwise a disruption must be allowed, by a status that is up to
date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from restow.cluster.label_index import Selecting
from restow.cluster.objects import DisruptionBudget, Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import LabelSelector
from restow.core.reasons import Reason, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetIndex:
    """The budgets per namespace, sorted by key; made once per snapshot."""

    by_namespace: Mapping[str, Selecting[DisruptionBudget]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Group the budgets of the snapshot, once."""
        return snapshot.derived(cls._grouped, "budgets")

    @classmethod
    def _grouped(cls, snapshot: Snapshot) -> Self:
        grouped: dict[str, list[tuple[LabelSelector, DisruptionBudget]]] = {}
        for key in sorted(snapshot.budgets):
            budget = snapshot.budgets[key]
            if budget.selector is not None:
                grouped.setdefault(key.namespace, []).append((budget.selector, budget))
        return cls(by_namespace={name: Selecting(found) for name, found in grouped.items()})

    def matching(self, pod: Pod) -> tuple[DisruptionBudget, ...]:
        """Return the budgets that select `pod`, sorted by key."""
        budgets = self.by_namespace.get(pod.key.namespace)
        return budgets.matching(pod.labels) if budgets is not None else ()

    def drawn_on(self, pod: Pod) -> DisruptionBudget | None:
        """Return the budget that evicting `pod` draws on, None if it is free.

        For a pod that `refuse` does not refuse; of several budgets the first.
        """
        for budget in self.matching(pod):
            if not _goes_free(pod, budget):
                return budget
        return None


def refuse(pod: Pod, index: BudgetIndex) -> Refusal | None:
    """Return why the Eviction API would not let `pod` go now, or None."""
    budgets = index.matching(pod)
    if len(budgets) > 1:
        names = ", ".join(str(budget.key) for budget in budgets)
        return Refusal(
            Reason.SEVERAL_BUDGETS,
            f"several disruption budgets select the pod, which the Eviction API refuses: {names}",
        )
    if not budgets or _goes_free(pod, budgets[0]) or _allows(budgets[0]):
        return None
    return Refusal(
        Reason.BUDGET_EXHAUSTED,
        f"disruption budget {budgets[0].key} allows no disruption now",
    )


def _goes_free(pod: Pod, budget: DisruptionBudget) -> bool:
    if pod.ready:
        return False
    return budget.always_allow_unhealthy or budget.healthy >= budget.desired > 0


def _allows(budget: DisruptionBudget) -> bool:
    return budget.observed and budget.disruptions_allowed > 0
