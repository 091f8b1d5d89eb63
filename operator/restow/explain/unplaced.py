"""One text per pod that got no place, for Events, conditions and tables alike."""

from collections.abc import Hashable, Sequence

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.reasons import Reason
from restow.explain.amounts import amount
from restow.explain.obstacles import Obstacles, Shortage, obstacles
from restow.packing.outcome import LevelKind, Outcome
from restow.planning.formulation import Formulation
from restow.planning.plan import Unplaced
from restow.policies.coverage import Policy
from restow.rules.registry import placement_key

LONGEST = 1000
"""Bytes of a text; an Event holds 1,024."""


def unplaced(  # noqa: PLR0913 - all but one by name
    pods: Sequence[Pod],
    *,
    snapshot: Snapshot,
    policy: Policy,
    formulation: Formulation,
    outcome: Outcome,
    ordered: bool,
) -> tuple[Unplaced, ...]:
    """Return per pod why the outcome gives it no place, and whether that is proven.

    `ordered` is False when a place was found but no order of moves that never overfills a node.
    """
    texts: dict[Hashable, tuple[Reason, str, bool]] = {}
    answers = []
    for pod in pods:
        tier = formulation.problem.tiers.index(formulation.wishes[pod.uid].priority)
        proven = ordered and _proven(outcome, tier)
        key = (pod.requests, pod.host_ports, placement_key(pod), proven)
        if key not in texts:
            found = obstacles(pod, snapshot=snapshot, policy=policy, formulation=formulation)
            reason, text = _why(pod, found, formulation, proven=proven, ordered=ordered)
            texts[key] = (reason, _short(text), proven or _impossible(found))
        reason, text, sure = texts[key]
        answers.append(Unplaced(pod=pod.ref, reason=reason, message=text, proven=sure))
    return tuple(answers)


def _proven(outcome: Outcome, tier: int) -> bool:
    """Whether no plan places more pods of the tier."""
    return any(
        level.kind is LevelKind.PLACE and level.tier == tier and level.proven
        for level in outcome.levels
    )


def _impossible(found: Obstacles) -> bool:
    """Whether the pod fits on no node even with all that may move gone: no search is needed."""
    return not found.fits_somewhere


def _why(
    pod: Pod, found: Obstacles, formulation: Formulation, *, proven: bool, ordered: bool
) -> tuple[Reason, str]:
    facts = _facts(pod, found)
    if not ordered:
        return Reason.NO_ROOM, f"A place was found, but no safe order of moves. {facts}"
    if found.budgets:
        names = ", ".join(str(key) for key in found.budgets)
        plural = "s" if len(found.budgets) > 1 else ""
        return (
            Reason.BUDGET_EXHAUSTED,
            f"Disruption budget{plural} {names} in the way: no disruption is allowed now, and the "
            f"pods stay. {_certainty(found, proven=proven)} {facts}",
        )
    problem = formulation.problem
    if found.fits_somewhere and 0 in (problem.max_moves, problem.max_evictions):
        what = "moves" if problem.max_moves == 0 else "evictions"
        return (
            Reason.LIMIT_REACHED,
            f"The policy's limits leave no {what} now. {_certainty(found, proven=proven)} {facts}",
        )
    reason = Reason.NO_ROOM if proven or _impossible(found) else Reason.OUT_OF_TIME
    return reason, f"{_certainty(found, proven=proven)} {facts}"


def _certainty(found: Obstacles, *, proven: bool) -> str:
    if not found.shortages:
        return "Proven: every node refuses it."
    if _impossible(found):
        return "Proven: it fits on no node, even with all movable pods gone."
    if proven:
        return "Proven: no allowed moves and evictions make room for it."
    return "No place was found in time; that there is none is not proven."


def _facts(pod: Pod, found: Obstacles) -> str:
    needs = ", ".join(amount(*each) for each in pod.requests.items() if each[0] != "pods")
    parts = [_short_of(each) for each in found.shortages]
    parts += [f"{count} {_nodes(count)}: {message}" for message, count in found.refused]
    return f"It needs {needs or 'nothing'}. 0/{found.nodes} nodes: {'; '.join(parts)}."


def _short_of(each: Shortage) -> str:
    who = f"{each.nodes} {_nodes(each.nodes)} ({each.kind})"
    if not each.lacking:
        return f"{who}: {_listed(each.now)} short at best, and what is there has no other place"
    return f"{who}: {_listed(each.lacking)} short at best"


def _listed(amounts: Amounts) -> str:
    return ", ".join(amount(*item) for item in amounts.items()) or "nothing"


def _nodes(count: int) -> str:
    return "node" if count == 1 else "nodes"


def _short(text: str) -> str:
    body = text.encode()
    if len(body) <= LONGEST:
        return text
    return body[: LONGEST - 4].decode(errors="ignore").rstrip() + " …"
