"""An Explanation for people: paragraphs with a heading each, what matters most first."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from restow.cluster.objects import Pod
from restow.core.reasons import Reason
from restow.explain.amounts import amount
from restow.explain.change import Change, Leeway
from restow.explain.counting import Count, Refused
from restow.explain.pod import Explanation
from restow.explain.staying import Staying
from restow.explain.words import listed
from restow.planning.plan import Plan
from restow.policies.packing_policy import Mode
from restow.report.tables import count, sentence

_MOST_NODES = 4
_MOST_MESSAGES = 2

_WERE: Final = {
    Leeway.NONE: "",
    Leeway.LIMITS: "if the policy's limits were lifted: ",
    Leeway.BUDGETS: "if the policy's limits were lifted and no disruption budget used up: ",
}
_NOT_EVEN: Final = {
    Leeway.LIMITS: "Nor is there one if the policy's limits were lifted.",
    Leeway.BUDGETS: "Nor is there one without the policy's limits and with every budget open.",
}


def report(explanation: Explanation, now: datetime) -> Group:
    """Return all that is to be said, for a terminal."""
    parts: list[RenderableType] = [_headline(explanation, now)]
    for title, body in _paragraphs(explanation):
        parts += [Text(), Text(title, style="bold")]
        parts += [_indented(each) for each in body]
    return Group(*parts)


def _indented(each: RenderableType) -> Padding:
    return Padding(Text(each) if isinstance(each, str) else each, (0, 0, 0, 2), expand=False)


def _headline(explanation: Explanation, now: datetime) -> Text:
    pod = explanation.pod
    text = Text(f"Pod {pod.key} {_state(pod, now)}", style="bold")
    needs = ", ".join(amount(*item) for item in pod.requests.items() if item[0] != "pods")
    policy = explanation.policy
    governed = "no policy"
    if policy is not None:
        governed = (
            f"policy {policy.name} ({policy.spec.mode.value})"
            if policy.name
            else ("a policy with the defaults: none was read")
        )
    text.append(
        f"\nneeds {needs or 'nothing'}; priority {pod.priority}; {governed}", style="not bold"
    )
    return text


def _state(pod: Pod, now: datetime) -> str:
    if pod.node is not None:
        state = "is being deleted" if pod.deleting else f"is {pod.phase.value}"
        return f"{state} on node {pod.node}"
    if pod.deleting:
        return "is being deleted"
    if pod.unschedulable_since is None:
        return "waits for a node"
    return f"waits for a node, Unschedulable for {_lasting(pod.unschedulable_since, now)}"


def _lasting(then: datetime, now: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return count(seconds // size, unit)
    return count(seconds, "second")


def _paragraphs(explanation: Explanation) -> Iterator[tuple[str, list[RenderableType]]]:
    if explanation.no_work is not None:
        no = explanation.no_work
        yield "Not restow's work now", [Text(f"{no.reason.value}: {no.message}")]
    if explanation.staying is not None:
        yield "Moving it", list(_moving(explanation.staying, explanation.pod))
    if explanation.obstacles is not None:
        found = explanation.obstacles
        yield "Nodes, as kube-scheduler counts them", list(_nodes(found.count, explanation.pod))
        waits = explanation.alone is not None and explanation.alone.waits is not None
        if found.nearest and not waits:
            yield "Nearest to fitting", [Text(each.sentence) for each in found.nearest]
    if explanation.alone is not None:
        yield "Least disturbing change", list(_change(explanation))
    if explanation.aside:
        yield "Rules that stand aside", [Text(each.sentence) for each in explanation.aside]


def _nodes(found: Count, pod: Pod) -> Iterator[RenderableType]:
    yield Text(found.sentence)
    if found.available:
        yield Text(f"available: {listed(found.available, _MOST_NODES)}")
    if found.everywhere is not None:
        yield Text(f"{found.everywhere.reason.value}: {found.everywhere.message}")
    elif found.refused:
        yield _refused(found.refused)
    theirs = pod.unschedulable_message
    if theirs and not theirs.startswith(found.sentence):
        yield Text(f"kube-scheduler said when it last tried: {theirs}")


def _refused(groups: tuple[Refused, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for each in groups:
        table.add_row(str(len(each.nodes)), _words(each), listed(each.nodes, _MOST_NODES))
    return table


def _words(each: Refused) -> str:
    """Return the reason; how much is short where is told of the nearest nodes."""
    counted = ", ".join(each.counted)
    if each.reason is Reason.INSUFFICIENT_RESOURCE and counted:
        return f"{each.reason.value}: {counted}"
    return f"{each.reason.value}: {listed(each.messages, _MOST_MESSAGES, '; ')}"


def _change(explanation: Explanation) -> Iterator[RenderableType]:
    alone = explanation.alone
    if alone is None:
        return
    if alone.waits is not None:
        yield Text(f"None is needed: {alone.waits.message}.")
        return
    if premise := _premise(explanation):
        yield Text(premise)
    if alone.verdict is not None:
        yield Text(alone.verdict.said)
    for change in alone.changes:
        yield from _steps(change)
    if not alone.changes and alone.tried[-1] is not Leeway.NONE:
        yield Text(_NOT_EVEN[alone.tried[-1]])
    if alone.changes and alone.changes[0].leeway is Leeway.NONE:
        yield Text(_what_follows(explanation))
    if explanation.rivals:
        waits = "pod waits" if explanation.rivals == 1 else "pods wait"
        whom = "pod" if len(alone.party) == 1 else "group"
        yield Text(
            f"This is for the {whom} alone; {explanation.rivals} more {waits}, and `restow plan` "
            "decides about all."
        )


def _premise(explanation: Explanation) -> str:
    """Return what is assumed beyond the cluster as it is; empty for nothing."""
    if explanation.policy is None:
        return "As if a policy with the defaults covered everything:"
    party = () if explanation.alone is None else explanation.alone.party
    if len(party) > 1:
        pod = explanation.pod
        gated = ", once their scheduling gates are gone" if any(p.gates for p in party) else ""
        return (
            f"The {len(party)} waiting pods of group {pod.key.namespace}/{pod.group} get their "
            f"places together or not at all{gated}:"
        )
    return "Once its scheduling gates are gone:" if explanation.pod.gates else ""


def _what_follows(explanation: Explanation) -> str:
    if explanation.no_work is not None or explanation.policy is None:
        return f"restow does not carry it out now: {_not_now(explanation)}."
    match explanation.policy.spec.mode:
        case Mode.OBSERVE:
            return "restow only writes the plan down: the policy's mode is Observe."
        case Mode.APPROVE:
            return "restow carries the plan out once somebody approves it."
        case Mode.ACT:
            return "restow carries it out within the policy's windows and hourly limits."


def _not_now(explanation: Explanation) -> str:
    return "no policy" if explanation.no_work is None else explanation.no_work.reason.value


def _steps(change: Change) -> Iterator[RenderableType]:
    said = f"{_WERE[change.leeway]}{_extent(change.plan)}"
    yield Text(f"{said[0].upper()}{said[1:]}.")
    for step in change.plan.steps:
        yield _indented(f"wave {step.wave}: {sentence(step)}")


def _extent(plan: Plan) -> str:
    disturbed = plan.solve.disturbed
    if disturbed.moves + disturbed.evictions == 0:
        return "it can start at once, nothing has to move"
    proof = f"at least {disturbed.bound} pods would have to be disturbed, this is not proven least"
    if disturbed.proven:
        proof = "proven: nothing less makes room"
    return (
        f"{count(disturbed.moves, 'move')} and {count(disturbed.evictions, 'eviction')} in "
        f"{count(plan.waves, 'wave')}, {proof}"
    )


def _moving(found: Staying, pod: Pod) -> Iterator[RenderableType]:
    if found.reasons:
        yield Text("It stays where it is:")
        for no in found.reasons:
            yield _indented(f"{no.reason.value}: {no.message}")
    else:
        yield Text(f"It may be moved; a move of it counts {found.wishes.move_cost}.")
        if found.budget is not None:
            left = count(found.budget.disruptions_allowed, "disruption")
            yield Text(f"Disruption budget {found.budget.key} allows {left} now.")
    others = count(len(found.elsewhere), "other node")
    if found.elsewhere:
        yield Text(f"It would fit on {others} now: {listed(found.elsewhere, _MOST_NODES)}.")
    else:
        yield Text(f"No other node than {pod.node} would take it as the cluster is.")
