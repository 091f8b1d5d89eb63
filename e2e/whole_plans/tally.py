"""What many draws came to, in numbers."""

from collections import Counter

from e2e.whole_plans.judge import Judged
from e2e.whole_plans.play import Played


class Tally:
    """Counts plans by their end, and what was asked of them."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.relations: Counter[str] = Counter()
        self.draws = self.executed = self.wrong = 0
        self.arrived = self.evicted = self.waves = self.pending = self.placed = 0

    def add(self, played: Played) -> None:
        """Count one draw."""
        self.draws += 1
        self.pending += played.pending
        self.placed += played.placed
        self.executed += played.executed
        self.wrong += len(self.wrong_of(played))
        for plan in played.plans:
            self.ends[_end(plan)] += 1
            self.arrived += plan.arrived
            self.waves += plan.waves
            self.relations.update(played.relations)
            self.evicted += plan.evicted
            if plan.phase != "Completed":
                self.reasons[f"{_end(plan)}: {plan.name}: {plan.message}"] += 1

    def wrong_of(self, played: Played) -> tuple[str, ...]:
        """Return all that is wrong with a draw."""
        plans = (f"{plan.name}: {line}" for plan in played.plans for line in plan.wrong)
        return (*played.wrong, *plans)

    def table(self) -> str:
        """Return the counts as lines for people."""
        return "\n".join(
            (
                f"clusters {self.draws}, pods given up on {self.pending}, run now {self.placed}",
                f"plans {_counts(self.ends)}; waves {self.waves}; pods where planned "
                f"{self.arrived}, evicted {self.evicted}",
                f"plans in clusters with {_counts(self.relations)}",
                *(f"  {number} x {reason}" for reason, number in self.reasons.most_common()),
            )
        )


def _end(plan: Judged) -> str:
    """Return how the plan ended; of an aborted one also whether it had evicted anybody."""
    if plan.phase != "Aborted":
        return plan.phase
    when = "after" if plan.evicted else "before"
    whose = "others" if plan.outsiders else "its own"
    return f"Aborted {when} an eviction on {whose} account"


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{key} {number}" for key, number in counter.most_common()) or "none"
