"""One text per pod that got no place, for Events, conditions, tables and `restow explain` alike."""

from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey, Uid
from restow.core.reasons import Reason
from restow.explain.amounts import amount
from restow.explain.obstacles import Inquest, Obstacles
from restow.explain.words import cut
from restow.packing.disturbance import disturbance
from restow.packing.outcome import LevelKind, Outcome
from restow.packing.problem import Problem
from restow.planning.formulation import Formulation
from restow.planning.plan import Unplaced
from restow.policies.coverage import Policy

LONGEST = 1000
"""Bytes of a text; an Event holds 1,024."""

CLASH = (
    "kube-scheduler, which takes the first devices that suit, could not give out those that it "
    "needs in any placement that was tried; that there is none is not proven."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a pod got no place.

    Parameters
    ----------
    said
        The verdict itself, in a sentence or two.
    facts
        What keeps the pod off the nodes, in sentences, what matters most first.
    impossible
        Whether it fits nowhere even if all that may move were gone.
    proven
        Whether no plan could place it.
    """

    reason: Reason
    said: str
    facts: tuple[str, ...]
    impossible: bool
    proven: bool

    def on(self, pod: Pod) -> Unplaced:
        """Return the verdict on `pod` as plans and Events have it."""
        text = cut(" ".join((self.said, *self.facts)), LONGEST)
        return Unplaced(pod=pod.ref, reason=self.reason, message=text, proven=self.proven)


def unplaced(  # noqa: PLR0913 - all but one by name
    pods: Sequence[Pod],
    *,
    snapshot: Snapshot,
    policy: Policy,
    formulation: Formulation,
    outcome: Outcome,
    ordered: bool,
    clashing: Container[Uid],
) -> tuple[Unplaced, ...]:
    """Return per pod why the outcome gives it no place, and whether that is proven.

    `ordered` is False when a place was found but no order of moves that never overfills a node;
    `clashing` are pods to which kube-scheduler's choice of devices gives no place.
    """
    found = verdicts(
        pods,
        snapshot=snapshot,
        policy=policy,
        formulation=formulation,
        outcome=outcome,
        ordered=ordered,
        clashing=clashing,
    )
    return tuple(verdict.on(pod) for pod, verdict in zip(pods, found, strict=True))


def verdicts(  # noqa: PLR0913 - all but one by name
    pods: Sequence[Pod],
    *,
    snapshot: Snapshot,
    policy: Policy,
    formulation: Formulation,
    outcome: Outcome,
    ordered: bool,
    clashing: Container[Uid],
) -> tuple[Verdict, ...]:
    """Return what `unplaced` says, uncut; pods that no rule tells apart share one verdict."""
    if not pods:
        return ()
    inquest = Inquest.of(snapshot, policy, formulation)
    limit = _limit(formulation.problem, outcome) if ordered else ""
    known: dict[Hashable, Verdict] = {}
    answers = []
    for pod in pods:
        tier = formulation.problem.tiers.index(formulation.wishes[pod.uid].priority)
        proven = ordered and _proven(outcome, tier)
        clashes = pod.uid in clashing and not proven
        key = (_shape(pod), proven, clashes)
        if key not in known:
            found = inquest.obstacles(pod)
            reason, said = _why(found, limit, proven=proven, ordered=ordered, clashes=clashes)
            known[key] = Verdict(
                reason=reason,
                said=said,
                facts=tuple(facts(pod, found)),
                impossible=found.impossible,
                proven=proven or found.impossible,
            )
        answers.append(known[key])
    return tuple(answers)


def facts(pod: Pod, found: Obstacles) -> Iterator[str]:
    """Yield what keeps the pod off the nodes in sentences, what matters most first."""
    needs = ", ".join(amount(*each) for each in pod.requests.items() if each[0] != "pods")
    yield f"It needs {needs or 'nothing'}."
    yield found.count.sentence
    if found.count.everywhere is not None:
        yield f"Whatever the node: {found.count.everywhere.message}."
    if found.nearest:
        yield f"Nearest: {'; '.join(each.sentence for each in found.nearest)}."


def _shape(pod: Pod) -> Pod:
    """Return the pod without what tells it from its equals: no rule looks at that."""
    return replace(
        pod,
        key=ObjectKey(pod.key.namespace, ""),
        uid=Uid(""),
        resource_version="",
        created_at=pod.created_at.min,
        unschedulable_since=None,
        unschedulable_message="",
    )


def _proven(outcome: Outcome, tier: int) -> bool:
    """Whether no plan places more pods of the tier."""
    return any(
        level.kind is LevelKind.PLACE and level.tier == tier and level.proven
        for level in outcome.levels
    )


def _limit(problem: Problem, outcome: Outcome) -> str:
    """Return which limit of the policy the outcome has used up, in a sentence; empty for none."""
    upset = disturbance(problem, outcome)
    for what, used, most in (
        ("moves", upset.moves, problem.max_moves),
        ("evictions", upset.evictions, problem.max_evictions),
    ):
        if most == 0:
            return f"The policy's limits leave no {what} now."
        if most is not None and used >= most:
            return f"This plan makes as many {what} as the policy's limits leave ({most})."
    return ""


def _why(
    found: Obstacles, limit: str, *, proven: bool, ordered: bool, clashes: bool
) -> tuple[Reason, str]:
    """Return the reason, and the verdict in a sentence or two."""
    if not ordered:
        return Reason.NO_ROOM, "A place was found, but no safe order of moves."
    certainty = _certainty(found, proven=proven)
    if found.budgets:
        names = ", ".join(str(key) for key in found.budgets)
        plural = "s" if len(found.budgets) > 1 else ""
        return (
            Reason.BUDGET_EXHAUSTED,
            f"Disruption budget{plural} {names} in the way: no disruption is allowed now, and the "
            f"pods stay. {certainty}",
        )
    if limit and not found.impossible:
        return Reason.LIMIT_REACHED, f"{limit} {certainty}"
    if clashes and not found.impossible:
        return Reason.DEVICES_UNAVAILABLE, CLASH
    return Reason.NO_ROOM if proven or found.impossible else Reason.OUT_OF_TIME, certainty


def _certainty(found: Obstacles, *, proven: bool) -> str:
    if found.impossible and found.count.everywhere is not None:
        return "Proven: what keeps it off every node is nothing that a move could change."
    if found.impossible:
        return "Proven: it fits on no node, even if all that may move were gone."
    if proven:
        return "Proven: no allowed moves and evictions make room for it."
    return "No place was found in time; that there is none is not proven."
