"""A plan as one web page that needs nothing else: nodes as bins before and after, moves as arrows.

Everything is in the file: no script, font or picture comes from elsewhere.
"""

from collections.abc import Iterable
from typing import Any

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, Uid
from restow.planning.plan import Plan
from restow.report.devices import with_devices
from restow.report.picture import main_resource, places_after
from restow.report.tables import migrations
from restow.report.web import filled

Json = dict[str, Any]


def page(plan: Plan, snapshot: Snapshot, headline: str) -> str:
    """Return the page.

    Parameters
    ----------
    headline
        The plan in one sentence.
    """
    return filled("page.html", _data(plan, with_devices(snapshot), headline))


def _data(plan: Plan, snapshot: Snapshot, headline: str) -> Json:
    action = {step.pod.uid: step.action.value for step in plan.steps}
    pods = sorted(  # who stays comes first, and so has the same place in both bins
        _drawn(plan, snapshot), key=lambda pod: (pod.uid in action, -pod.priority, pod.key)
    )
    index = {pod.uid: i for i, pod in enumerate(pods)}
    before: dict[NodeName, list[int]] = {name: [] for name in snapshot.nodes}
    after: dict[NodeName, list[int]] = {name: [] for name in snapshot.nodes}
    there = places_after(plan, snapshot)
    for pod in pods:
        for place, bins in ((pod.node, before), (there.get(pod.ref), after)):
            if place in bins:
                bins[place].append(index[pod.uid])
    touched = {node for step in plan.steps for node in (step.source, step.target)}
    return {
        "name": plan.name,
        "headline": headline,
        "about": _about(plan),
        "facts": _facts(plan, snapshot),
        "resources": _resources(plan, snapshot),
        "pods": [_pod(pod, action) for pod in pods],
        "nodes": [
            {
                "name": name,
                "capacity": dict(node.allocatable.items()),
                "before": before[name],
                "after": after[name],
                "touched": name in touched,
            }
            for name, node in sorted(snapshot.nodes.items())
        ],
        "steps": [
            {
                "wave": step.wave,
                "action": step.action.value,
                "pod": index[step.pod.uid],
                "from": step.source,
                "to": step.target,
            }
            for step in plan.steps
            if step.pod.uid in index
        ],
        "unplaced": [[str(each.pod), each.reason.value, each.message] for each in plan.unplaced],
    }


def _drawn(plan: Plan, snapshot: Snapshot) -> Iterable[Pod]:
    moved = {step.pod.uid for step in plan.steps}
    return (pod for pod in snapshot.pods.values() if pod.node is not None or pod.uid in moved)


def _pod(pod: Pod, action: dict[Uid, str]) -> Json:
    return {
        "name": str(pod.key),
        "namespace": pod.key.namespace,
        "priority": pod.priority,
        "requests": dict(pod.requests.items()),
        "action": action.get(pod.uid, "stay"),
    }


def _about(plan: Plan) -> str:
    policy = f"policy {plan.policy}" if plan.policy else "no policy"
    return f"{plan.trigger.value}, {policy}, the cluster as of {plan.taken_at:%Y-%m-%d %H:%M:%S %Z}"


def _facts(plan: Plan, snapshot: Snapshot) -> list[tuple[str, str]]:
    solve = plan.solve
    counted = {
        "pending pods get a place": len(plan.placed),
        "moves": solve.disturbed.moves - migrations(plan),
        "live migrations": migrations(plan),
        "evictions": solve.disturbed.evictions,
        "waves": plan.waves,
        "pods stay pending": len(plan.unplaced),
        "nodes": len(snapshot.nodes),
    }
    facts = [(str(number), what) for what, number in counted.items() if number]
    facts.append((solve.outcome.value, f"in {solve.wall_s:.2f} s"))
    if plan.fragmentation is not None:
        before, after = dict(plan.fragmentation.before), dict(plan.fragmentation.after)
        facts += [(_change(before[name], after[name]), name) for name in before if name in after]
        known = "reached" if plan.fragmentation.proven else "not reached"
        metric = plan.fragmentation.metric
        form = _form(before[metric], plan.fragmentation.bound)
        facts.append((f"{plan.fragmentation.bound:{form}}", f"best {metric}, {known}"))
    return facts


def _change(before: float, after: float) -> str:
    form = _form(before, after)
    return f"{before:{form}} → {after:{form}}"


def _form(*numbers: float) -> str:
    """Return how numbers of one kind are written: whole where they all are, and count something."""
    return ".0f" if max(numbers) > 1 and all(each.is_integer() for each in numbers) else ".3f"


def _resources(plan: Plan, snapshot: Snapshot) -> list[str]:
    """Return what can be drawn, what the plan is about first."""
    found = {name for node in snapshot.nodes.values() for name in node.allocatable}
    main = main_resource(plan, snapshot)
    return [main, *sorted(found - {main, "pods"})] if main in found else sorted(found - {"pods"})
