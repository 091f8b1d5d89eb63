"""Which rules the cases exercised, and with which outcome."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from e2e.conform.scene import Recorded, Verdict

LEAST_PERCENT: Final = 3.0
"""A rule that fewer of the cases exercise counts as not tested."""


@dataclass(slots=True)
class Coverage:
    """Counts cases per rule: pods that were made to touch it, placed and refused."""

    cases: int = 0
    placed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, scene: Recorded) -> None:
        """Count the pods of a scene."""
        for verdict in scene.verdicts:
            self.cases += 1
            self._count(verdict)

    def _count(self, verdict: Verdict) -> None:
        counts = self.placed if verdict.node is not None else self.refused
        counts.update(verdict.topics)

    def share(self, topic: str) -> float:
        """Return the percentage of the cases that exercised the rule."""
        return 100 * (self.placed[topic] + self.refused[topic]) / max(1, self.cases)

    def thin(self) -> list[str]:
        """Return the rules that too few cases exercised, or with one outcome only."""
        topics = sorted(self.placed | self.refused)
        return [
            each
            for each in topics
            if self.share(each) < LEAST_PERCENT or not self.placed[each] or not self.refused[each]
        ]

    def table(self) -> str:
        """Return the counts as a table in Markdown."""
        lines = ["| rule | cases | share | placed | refused |", "| --- | --- | --- | --- | --- |"]
        for topic in sorted(self.placed | self.refused):
            placed, refused = self.placed[topic], self.refused[topic]
            both = f"{placed + refused} | {self.share(topic):.1f} %"
            lines.append(f"| {topic} | {both} | {placed} | {refused} |")
        return "\n".join(lines)
