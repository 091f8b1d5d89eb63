"""A plan of rescheduling as terminal tables: what it gains per shape, and the moves by wave."""

from rich.console import Group, RenderableType
from rich.text import Text

from restow.cluster.snapshot import Snapshot
from restow.planning.plan import Disturbed
from restow.planning.promise import COST, WHOLE, rises
from restow.planning.reschedule import Rescheduled
from restow.report import picture
from restow.report.tables import count, grid, migrations, steps


def report(found: Rescheduled, snapshot: Snapshot) -> Group:
    """Return the whole plan with the picture of the nodes before and after."""
    plan = found.plan
    parts: list[RenderableType] = [headline(found)]
    if plan.fragmentation is None or WHOLE in dict(plan.fragmentation.before):
        parts += [Text(), _shapes(found)]
    if plan.steps:
        parts += [Text(), steps(plan)]
        parts += [Text(), picture.draw(plan, snapshot), picture.legend(plan)]
    return Group(*parts)


def headline(found: Rescheduled) -> Text:
    """Return the plan in one sentence."""
    plan, fragments = found.plan, found.plan.fragmentation
    text = Text(f"Plan {plan.name} ", style="bold")
    if not plan.steps:
        text.append("changes nothing", style="bold")
    else:
        machines = migrations(plan)
        pods = len(plan.steps) - machines
        what = [f"moves {count(pods, 'pod')}"] * bool(pods)
        what += [f"migrates {count(machines, 'machine')}"] * bool(machines)
        text.append(f"{' and '.join(what)} in {count(plan.waves, 'wave')}", style="bold")
    if fragments is not None:
        name = fragments.metric
        before, after = dict(fragments.before)[name], dict(fragments.after)[name]
        form = ".0f" if before.is_integer() and name != WHOLE else ".3f"
        form, beyond = ".3f" if name.endswith(WHOLE) else form, "above" if rises(name) else "below"
        proven = "proven" if fragments.proven else f"no plan {beyond} {fragments.bound:{form}}"
        text.append(f"; {name} {before:{form}} to {after:{form}} ({proven})")
        if plan.steps:
            text.append(f"; cost {dict(fragments.after)[COST]:.1f}")
    solve = plan.solve
    text.append(_fewest(solve.disturbed))
    text.append(f" ({solve.outcome.value}, {solve.wall_s:.2f} s, {solve.engine})", style="dim")
    return text


def _fewest(disturbed: Disturbed) -> str:
    """Return how many moves the goal takes, empty where none was set."""
    if disturbed.proven:
        return "; fewest moves: proven" if disturbed.bound else ""
    if disturbed.bound > disturbed.moves:
        return f"; the goal takes at least {count(disturbed.bound, 'move')}"
    return f"; fewest moves: at least {disturbed.bound}" if disturbed.bound else ""


def _shapes(found: Rescheduled) -> RenderableType:
    headings = ("shape", "copies before", "after", "fragmentation before", "after")
    table = grid("Room for", headings)
    for before, after in zip(found.before, found.after, strict=True):
        table.add_row(
            before.shape.name,
            str(before.copies),
            str(after.copies),
            f"{before.fragmentation:.3f}",
            f"{after.fragmentation:.3f}",
        )
    return table
