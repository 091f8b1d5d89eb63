"""A small picture of the nodes: one bar per node, one cell per device or per share of it.

Pods of the plan keep their letter from the picture before to the picture after, so the eye can
follow them: capitals for pending pods, small letters for pods that move or leave.
"""

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, PodRef, Uid
from restow.planning.plan import Action, Plan
from restow.report.devices import with_devices

FREE = "·"
OTHER = "▒"
SHARES = 20
"""Cells of a bar whose resource cannot be counted in single devices."""
MOST_DEVICES = 16
"""Up to so many devices a bar has one cell per device (8 GPUs, 7 MIG slices, 16 ports)."""

Letters = Mapping[Uid, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One node's use of one resource; `cells` holds a pod's letter, `OTHER` or `FREE` per cell."""

    node: NodeName
    used: int
    capacity: int
    cells: str


def letters(plan: Plan) -> Letters:
    """Return a letter per pod of the plan: capitals for placed pods, small ones for the others.

    Letters repeat after 26 pods of a kind.
    """
    placed = [step.pod.uid for step in plan.steps if step.action is Action.PLACE]
    others = [step.pod.uid for step in plan.steps if step.action is not Action.PLACE]
    return {
        **_assign(placed, string.ascii_uppercase),
        **_assign(others, string.ascii_lowercase),
    }


def _assign(uids: Iterable[Uid], alphabet: str) -> dict[Uid, str]:
    return {uid: alphabet[place % len(alphabet)] for place, uid in enumerate(dict.fromkeys(uids))}


def places_after(plan: Plan, snapshot: Snapshot) -> dict[PodRef, NodeName]:
    """Return the node of every pod that has one once the plan is carried out."""
    places = {pod.ref: pod.node for pod in snapshot.pods.values() if pod.node is not None}
    for step in plan.steps:
        if step.target is not None:
            places[step.pod] = step.target
        else:
            places.pop(step.pod, None)
    return places


def main_resource(plan: Plan, snapshot: Snapshot) -> str:
    """Return the resource worth drawing: the scarcest device the plan's pods ask for, else CPU."""
    asked: dict[str, int] = {}
    for ref in [step.pod for step in plan.steps] + [each.pod for each in plan.unplaced]:
        pod = snapshot.pod_by_uid(ref.key, ref.uid)
        for name, amount in () if pod is None else pod.requests.items():
            if "/" in name:
                asked[name] = asked.get(name, 0) + amount
    return max(sorted(asked), key=lambda name: asked[name], default="cpu")


def bars(
    snapshot: Snapshot, places: Mapping[PodRef, NodeName], resource: str, marked: Letters
) -> tuple[Bar, ...]:
    """Return a bar per node that has any of `resource`, sorted by node name."""
    holds: dict[NodeName, list[tuple[str, int]]] = {name: [] for name in snapshot.nodes}
    for pod in snapshot.pods.values():
        node = places.get(pod.ref)
        amount = pod.requests.of(resource)
        if node in holds and amount:
            holds[node].append((marked.get(pod.uid, OTHER), amount))
    return tuple(
        _bar(name, holds[name], capacity)
        for name, node in sorted(snapshot.nodes.items())
        if (capacity := node.allocatable.of(resource))
    )


def _bar(node: NodeName, held: list[tuple[str, int]], capacity: int) -> Bar:
    width = capacity if capacity <= MOST_DEVICES else SHARES
    cells, filled = "", 0
    for letter, amount in sorted(held, key=lambda item: (item[0] != OTHER, item[0])):
        filled += amount
        # the end of each share is rounded, not its length, so that a full node is a full bar
        end = min(width, max(len(cells), round(filled * width / capacity)))
        cells += letter * (end - len(cells))
    return Bar(node=node, used=filled, capacity=capacity, cells=cells.ljust(width, FREE))


def draw(plan: Plan, snapshot: Snapshot, *, most_nodes: int = 24) -> Table:
    """Return the nodes before and after the plan, side by side.

    Beyond `most_nodes` only the nodes that the plan touches are drawn.
    """
    snapshot = with_devices(snapshot)
    resource, marked = main_resource(plan, snapshot), letters(plan)
    now = {pod.ref: pod.node for pod in snapshot.pods.values() if pod.node is not None}
    before = bars(snapshot, now, resource, marked)
    after = {
        bar.node: bar for bar in bars(snapshot, places_after(plan, snapshot), resource, marked)
    }
    touched = {node for step in plan.steps for node in (step.source, step.target)}
    shown = [bar for bar in before if len(before) <= most_nodes or bar.node in touched]
    table = Table(title=f"{resource} per node", box=None, pad_edge=False, title_justify="left")
    for heading in ("node", "before", "after"):
        table.add_column(heading, no_wrap=True)
    for bar in shown[:most_nodes]:
        table.add_row(bar.node, render(bar, resource), render(after[bar.node], resource))
    return table


def render(bar: Bar, resource: str) -> Text:
    """Return the bar as text: its cells and the amounts."""
    text = Text()
    for cell in bar.cells:
        text.append(cell, style=_style(cell))
    return text.append(f" {_amount(bar.used, resource)}/{_amount(bar.capacity, resource)}", "dim")


def _style(cell: str) -> str:
    if cell in (FREE, OTHER):
        return "dim"
    return "bold green" if cell.isupper() else "bold yellow"


def _amount(value: int, resource: str) -> str:
    if resource == "cpu":
        return f"{value / 1000:g}"
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        return f"{value / 2**30:.3g}Gi"
    return str(value)


def legend(plan: Plan) -> Text:
    """Return what the letters of the picture stand for, one pod per line."""
    marked, seen, text = letters(plan), set[Uid](), Text()
    for step in plan.steps:
        if step.pod.uid in seen:
            continue
        seen.add(step.pod.uid)
        letter = marked[step.pod.uid]
        text.append(letter, style=_style(letter)).append(f" {step.pod}\n")
    text.rstrip()
    return text
