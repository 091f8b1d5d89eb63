"""What restow says of rescheduling: on the policy, and on the pods that move."""

from collections.abc import Iterator

from restow.app.announcement import Announcement, Tone, about_pod
from restow.app.churn import Return
from restow.core.ids import ObjectKey, Uid
from restow.planning.execution import Turn
from restow.planning.plan import Action, Fragmentation, Plan
from restow.planning.progress import StepPhase, Verdict
from restow.planning.promise import COST, WHOLE, rises

MOST_PODS = 100
"""Pods of one plan on which Events are posted: a courtesy, at ten per second."""

ACTION = "Reschedule"


def about_policy(  # noqa: PLR0913 - one Event
    name: str, uid: Uid, tone: Tone, reason: str, message: str, *, topic: str = ""
) -> Announcement:
    """Return an announcement on a policy."""
    return Announcement(
        kind="PackingPolicy",
        key=ObjectKey("", name),
        uid=uid,
        tone=tone,
        reason=reason,
        action=ACTION,
        message=message,
        topic=topic,
    )


def gain(fragments: Fragmentation) -> str:
    """Return what a plan promises, in words."""
    name = fragments.metric
    before, after = dict(fragments.before)[name], dict(fragments.after)[name]
    form = ".3f" if WHOLE in name or not (before.is_integer() and after.is_integer()) else ".0f"
    beyond = "above" if rises(name) else "below"
    known = "proven best" if fragments.proven else f"none is {beyond} {fragments.bound:{form}}"
    return f"{name} {before:{form}} to {after:{form}} ({known})"


def planned(policy: str, uid: Uid, plan: Plan, *, pods: bool) -> Iterator[Announcement]:
    """Yield that a plan is stored, on the policy and, if wanted, on the pods that it moves."""
    if plan.fragmentation is None:
        return
    why, number = gain(plan.fragmentation), len(plan.steps)
    cost = dict(plan.fragmentation.after)[COST]
    message = f"plan {plan.name} moves {number} pods at a cost of {cost:.1f}: {why}"
    yield about_policy(policy, uid, Tone.NORMAL, "Planned", message)
    for step in plan.steps[:MOST_PODS] if pods else ():
        message = f"plan {plan.name} is to move it from {step.source} to {step.target}: {why}"
        yield about_pod(step.pod, Tone.NORMAL, "MovePlanned", ACTION, message)


def not_made(policy: str, uid: Uid, why: str) -> Announcement:
    """Return why the last look at the cluster ended without a plan."""
    return about_policy(policy, uid, Tone.NORMAL, "NotPlanned", why)


def put_off(policy: str, uid: Uid, why: str) -> Announcement:
    """Return why the cluster is not looked at now, although it is time."""
    return about_policy(policy, uid, Tone.NORMAL, "PutOff", why)


def over(policy: str, uid: Uid, plan: Plan, turn: Turn) -> Iterator[Announcement]:
    """Yield how a plan ended, on the policy and on the pods that came in the place of others."""
    done = turn.verdict is Verdict.COMPLETED
    states = turn.progress.steps
    arrived = sum(state.phase is StepPhase.DONE for state in states)
    message = f"plan {plan.name} moved {arrived} of {len(states)} pods"
    if plan.fragmentation is not None and done:
        message += f", for {gain(plan.fragmentation)}"
    if not done:
        message += f" and was given up: {turn.reason}"
    tone = Tone.NORMAL if done else Tone.WARNING
    yield about_policy(policy, uid, tone, "Completed" if done else "Aborted", message)
    for step, state in list(zip(plan.steps, states, strict=True))[:MOST_PODS]:
        came = state.replacement
        if step.action is Action.MOVE and came is not None and state.phase is StepPhase.DONE:
            message = f"came in the place of {step.pod}, moved from {step.source} by {plan.name}"
            yield about_pod(came, Tone.NORMAL, "Moved", ACTION, message)


def moved_back(policy: str, uid: Uid, returned: Return) -> Announcement:
    """Return that a workload was moved back and forth."""
    return about_policy(policy, uid, Tone.WARNING, "MovedBack", str(returned), topic=returned.back)
