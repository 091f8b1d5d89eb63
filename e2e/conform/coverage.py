"""Which rules the cases exercised, as the rules themselves tell, and with which outcome."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from e2e.conform.hearing import Hearing
from e2e.conform.judge import GATED, Disagreement, answers
from e2e.conform.scene import Recorded, Verdict
from restow.rules.registry import RULES

LEAST_PERCENT: Final = 3.0
"""A rule that refused a node in fewer of the cases counts as not tested."""

LEAST_PERCENT_PER_OUTCOME: Final = 1.0
"""Nor one that fewer of the cases show with this outcome: a place found although it was asked, or
no place found and a node refused by it, which kube-scheduler then counted by its name."""

GATES: Final = "SchedulingGates"

LEFT_OUT: Final = {
    "NodeName": "a pod that names its node passes kube-scheduler by, so that it says nothing of it",
}
"""Rules of which the real kube-scheduler cannot be asked, and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One rule's cases.

    Parameters
    ----------
    asked
        It had something to say of the pod.
    decided
        It was the first to refuse some node.
    placed
        Asked, and the pod found a place: the rule took kube-scheduler's own choice.
    elsewhere
        Of `placed`: it refused another node.
    unplaced
        Decided, and the pod found no place: kube-scheduler counted the rule's refusals as well.
    torn
        Of `unplaced`: it took a node that another rule refused.
    """

    plugin: str
    asked: int
    decided: int
    placed: int
    elsewhere: int
    unplaced: int
    torn: int


@dataclass(slots=True)
class Coverage:
    """Judges scenes and counts, per rule, what it said of the pods."""

    cases: int = 0
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _hearing: Hearing = field(default_factory=lambda: Hearing(RULES))

    def add(self, scene: Recorded) -> Iterator[Disagreement]:
        """Count the pods of a scene, and yield those that are judged differently."""
        for verdict, wrong in answers(scene, self._hearing.rules):
            self.cases += 1
            self._count(verdict)
            if wrong is not None:
                yield wrong

    def lines(self) -> list[Line]:
        """Return the counts in kube-scheduler's order, without the rules that are left out."""
        plugins = (GATES, *(rule.plugin for rule in RULES if rule.plugin not in LEFT_OUT))
        names = ("asked", "decided", "placed", "elsewhere", "unplaced", "torn")
        return [Line(plugin, *(self._counts[plugin, name] for name in names)) for plugin in plugins]

    def thin(self) -> list[str]:
        """Return what too few of the cases show, in words."""
        return [
            f"{line.plugin}: {what} in {self._percent(number):.1f} % of the cases, "
            f"{least:.0f} % are asked for"
            for line in self.lines()
            for what, number, least in (
                ("refuses a node", line.decided, LEAST_PERCENT),
                ("takes the pod's place", line.placed, LEAST_PERCENT_PER_OUTCOME),
                ("leaves the pod without a place", line.unplaced, LEAST_PERCENT_PER_OUTCOME),
            )
            if self._percent(number) < least
        ]

    def table(self) -> str:
        """Return the counts as a table in Markdown."""
        head = (
            "rule",
            "asked",
            "share",
            "refused a node",
            "share",
            "pod placed",
            "of them: other nodes refused",
            "pod not placed, by this rule too",
            "of them: some node taken",
        )
        rows = [
            (
                line.plugin,
                f"{line.asked:,}",
                f"{self._percent(line.asked):.1f} %",
                f"{line.decided:,}",
                f"{self._percent(line.decided):.1f} %",
                *(f"{n:,}" for n in (line.placed, line.elsewhere, line.unplaced, line.torn)),
            )
            for line in self.lines()
        ]
        lines = [head, ("---",) * len(head), *rows]
        left_out = (f"{plugin} is left out: {why}." for plugin, why in LEFT_OUT.items())
        return "\n".join((*(f"| {' | '.join(each)} |" for each in lines), "", *left_out))

    def _count(self, verdict: Verdict) -> None:
        if verdict.reason == GATED:
            self._counts.update((GATES, name) for name in ("asked", "decided", "unplaced"))
            return
        heard, is_placed = self._hearing.end(), verdict.node is not None
        self._counts.update((GATES, name) for name in ("asked", *(("placed",) * is_placed)))
        for plugin in heard.asked:
            has_refused = plugin in heard.refused
            said = {
                "asked": True,
                "decided": has_refused,
                "placed": is_placed,
                "elsewhere": is_placed and has_refused,
                "unplaced": not is_placed and has_refused,
                "torn": not is_placed and has_refused and plugin in heard.accepted,
            }
            self._counts.update((plugin, name) for name, holds in said.items() if holds)

    def _percent(self, number: int) -> float:
        return 100 * number / max(1, self.cases)
