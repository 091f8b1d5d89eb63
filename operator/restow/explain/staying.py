"""Why a running pod may, or may not, be moved, and where else it could run."""

from dataclasses import dataclass, replace

from restow.cluster.objects import DisruptionBudget, Phase, Pod
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.planning.judge import Judge
from restow.rules.board import Board
from restow.rules.machines import arriving, is_launcher
from restow.rules.registry import ADMITTING
from restow.rules.survey import Survey
from restow.rules.wishes import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """What is to be said of moving one running pod.

    Parameters
    ----------
    reasons
        Everything that keeps it where it is, the one that is reported first; empty when it may be
        moved.
    budget
        The disruption budget that a move draws on, None for none; a live migration draws on none.
    wishes
        What annotations ask for it.
    elsewhere
        Other nodes that would take it as the cluster is, sorted.
    """

    reasons: tuple[Refusal, ...]
    budget: DisruptionBudget | None
    wishes: Wishes
    elsewhere: tuple[NodeName, ...]


def staying(pod: Pod, judge: Judge) -> Staying:
    """Return what is to be said of moving `pod`, which sits on a node."""
    board = Board(judge.snapshot)
    machine = is_launcher(pod)
    if not machine:  # which stays where it is until it has migrated
        board.take(pod.uid)
    came = arriving(pod, judge.snapshot)
    replacement = replace(came, node=None, phase=Phase.PENDING, started_at=None)
    survey = Survey.of(replacement, board, rules=ADMITTING, nominated=judge.snapshot.nominated)
    return Staying(
        reasons=tuple(judge.reasons_to_stay(pod)),
        budget=None if machine else judge.budgets.drawn_on(pod),
        wishes=judge.wishes(pod),
        elsewhere=tuple(name for name in survey.feasible() if name != pod.node),
    )
