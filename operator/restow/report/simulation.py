"""A simulation for people: a table of its runs, and one web page with the curves."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from restow.report.tables import grid
from restow.report.web import filled

Json = Mapping[str, Any]

HOUR_S: Final = 3600.0


def report(simulated: Json) -> Group:
    """Return the runs as a table, means over the time that counts."""
    return Group(
        Text(headline(simulated), style="bold"), Text(), _table(simulated), _notes(simulated)
    )


def headline(simulated: Json) -> str:
    """Return what was simulated in one sentence."""
    trace, resource = simulated["trace"], simulated["resource"]
    return (
        f"{trace['pods']} pods on {trace['nodes']} nodes with {trace['capacity']:g} {resource}s "
        f"over {duration(trace['seconds'])}"
    )


def page(simulated: Json) -> str:
    """Return the page: everything that it needs is in it."""
    told = {**simulated, "headline": headline(simulated), "notes": _notes(simulated).plain}
    return filled("simulation.html", told)


def duration(seconds: float) -> str:
    """Return a time for people: `45 s`, `12.5 min`, `3.2 h`, `7 d`."""
    for unit, name in ((86_400.0, "d"), (HOUR_S, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}".replace(".0 ", " ")
    return f"{seconds:.0f} s"


def _table(simulated: Json) -> Table:
    resource = simulated["resource"]
    headings = (
        "run",
        "allocated %",
        "fragmentation %",
        "stranded %",
        "pods pending",
        f"{resource}s pending",
        "pending time",
        "95 % within",
        "never placed",
        "migrations",
    )
    table = grid("Runs", headings)
    for run in simulated["runs"]:
        found = run["summary"]
        table.add_row(
            run["label"],
            f"{100 * found['allocation']:.2f}",
            f"{100 * found['fragmentation']:.1f}",
            f"{100 * found['stranded']:.2f}",
            f"{found['waiting']:.1f}",
            f"{found['asked']:.1f}",
            duration(found["pendingSeconds"]["mean"]),
            duration(found["pendingSeconds"]["p95"]),
            str(found["neverPlaced"]),
            str(found["migrations"]),
        )
    return table


def _notes(simulated: Json) -> Text:
    options = simulated["options"]
    since = options["warm_up_s"]
    text = Text(f"seed {options['seed']}; means over all time", style="dim")
    if since:
        text = Text(
            f"seed {options['seed']}; means without the first {duration(since)}", style="dim"
        )
    if simulated["trace"]["torn"]:
        text.append("; the trace's last line was not written to its end, and is left out")
    return text
