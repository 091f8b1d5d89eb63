"""A Plan as terminal tables: what is reached per tier, the steps by wave, what stays pending."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from restow.cluster.snapshot import Snapshot
from restow.planning.plan import Action, Plan, Step
from restow.report import picture


def report(plan: Plan, snapshot: Snapshot | None = None) -> Group:
    """Return the whole plan; with a snapshot also the picture of the nodes before and after."""
    parts: list[RenderableType] = [headline(plan)]
    if plan.solve.tiers:
        parts += [Text(), tiers(plan)]
    if plan.steps:
        parts += [Text(), steps(plan)]
    if plan.unplaced:
        parts += [Text(), unplaced(plan)]
    if plan.steps and snapshot is not None:
        parts += [Text(), picture.draw(plan, snapshot), picture.legend(plan)]
    return Group(*parts)


def headline(plan: Plan) -> Text:
    """Return the plan in one sentence."""
    solve = plan.solve
    text = Text(f"Plan {plan.name} ", style="bold")
    if not plan.steps:
        text.append("changes nothing", style="bold")
    else:
        disturbed = solve.disturbed
        text.append(
            f"places {count(len(plan.placed), 'pending pod')}, moves {disturbed.moves} and "
            f"evicts {disturbed.evictions}, in {count(plan.waves, 'wave')}",
            style="bold",
        )
    text.append(f" ({solve.outcome.value}, {solve.wall_s:.2f} s, {solve.engine})", style="dim")
    if plan.unplaced:
        text.append(f"\n{count(len(plan.unplaced), 'pending pod')} without a node", style="red")
    return text


def count(number: int, thing: str) -> str:
    """Return `1 thing` or `2 things`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def tiers(plan: Plan) -> Table:
    """Return per priority, highest first, the pods placed, the bound and whether it is proven."""
    table = grid("Tiers", ("priority", "pods", "placed before", "placed", "at most", "proven"))
    for tier in plan.solve.tiers:
        table.add_row(
            *map(str, (tier.priority, tier.pods, tier.placed_before, tier.placed, tier.bound)),
            _proven(proven=tier.proven),
        )
    disturbed = plan.solve.disturbed
    table.caption = Text(
        f"disturbed: {count(disturbed.moves, 'move')}, {count(disturbed.evictions, 'eviction')}; "
        f"at least {disturbed.bound}, {'proven' if disturbed.proven else 'not proven'}"
    )
    table.caption_justify = "left"
    return table


def _proven(*, proven: bool) -> Text:
    return Text("yes", style="green") if proven else Text("no", style="yellow")


def steps(plan: Plan) -> Table:
    """Return the steps in execution order; the wave is named once."""
    table = grid("Steps", ("wave", "action", "pod", "from", "to", "priority"))
    former: int | None = None
    for step in plan.steps:
        table.add_row(
            "" if step.wave == former else str(step.wave),
            Text(step.action.value, style=_STYLES[step.action]),
            str(step.pod),
            step.source or "",
            step.target or "",
            str(step.priority),
        )
        former = step.wave
    return table


_STYLES = {
    Action.PLACE: "bold green",
    Action.MOVE: "yellow",
    Action.MIGRATE: "yellow",
    Action.EVICT: "red",
}


def unplaced(plan: Plan) -> Group:
    """Return the pods that stay pending, and below those of one message why, and if it is proven.

    No table: a narrow terminal would leave the message a column of a few letters.
    """
    pods_of: dict[tuple[str, bool, str], list[Text]] = {}
    for each in plan.unplaced:
        pods = pods_of.setdefault((each.reason.value, each.proven, each.message), [])
        pods.append(Text(str(each.pod)))
    parts: list[RenderableType] = [Text("Without a node", style="italic")]
    for (reason, proven, message), pods in pods_of.items():
        verdict = Text.assemble((reason, "red"), ", " if proven else ", not ", "proven")
        parts += pods
        parts += [Padding(each, (0, 0, 0, 2), expand=False) for each in (verdict, Text(message))]
    return Group(*parts)


def grid(title: str, headings: tuple[str, ...]) -> Table:
    """Return an empty table."""
    table = Table(title=title, box=None, pad_edge=False, title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def migrations(plan: Plan) -> int:
    """Return how many virtual machines migrate."""
    return sum(step.action is Action.MIGRATE for step in plan.steps)


def sentence(step: Step) -> str:
    """Return the step in words."""
    match step.action:
        case Action.PLACE:
            return f"{step.pod} starts on {step.target}"
        case Action.MOVE:
            return f"{step.pod} moves from {step.source} to {step.target}"
        case Action.MIGRATE:
            return f"{step.pod} migrates live from {step.source} to {step.target}"
        case Action.EVICT:
            return f"{step.pod} is evicted from {step.source} and waits"
