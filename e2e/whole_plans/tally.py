"""What many draws came to, in numbers."""

from collections import Counter

from e2e.whole_plans.play import Played


class Tally:
    """Counts plans by their end, and what was asked of them."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.relations: Counter[str] = Counter()
        self.draws = self.executed = self.wrong = 0
        self.arrived = self.waves = self.pending = self.placed = 0

    def add(self, played: Played) -> None:
        """Count one draw."""
        self.draws += 1
        self.pending += played.pending
        self.placed += played.placed
        self.executed += played.executed
        self.wrong += len(self.wrong_of(played))
        for plan in played.plans:
            self.ends[plan.phase] += 1
            self.arrived += plan.arrived
            self.waves += plan.waves
            self.relations.update(played.relations)
            if plan.phase != "Completed":
                self.reasons[f"{plan.phase}: {plan.message}"] += 1

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
                f"{self.arrived}",
                f"plans in clusters with {_counts(self.relations)}",
                *(f"  {number} x {reason}" for reason, number in self.reasons.most_common()),
            )
        )


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{key} {number}" for key, number in counter.most_common()) or "none"
