"""The four outcomes of the benchmark, counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

OUTCOMES = ("better_proven", "better", "default_optimal", "failure")


def outcome(placed: list[int], default: list[int], *, proven: bool) -> str:
    """Return how `placed` compares with the default scheduler's counts, highest tier first."""
    if placed > default:
        return "better_proven" if proven else "better"
    return "default_optimal" if proven and placed == default else "failure"


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return one line for all and per number of nodes: shares in percent, and mean seconds."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups["all"].append(row)
        groups[f"{row['nodes']:2} nodes"].append(row)
        groups[f"{row['priorities']} priorities"].append(row)
        groups[f"u {row['utilisation']:.2f}"].append(row)
    lines = [
        "| | instances | better, proven | better | default optimal | failure | mean s | moves |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    for name in sorted(groups, key=lambda name: (name != "all", name)):
        group = groups[name]
        counts = Counter(row["outcome"] for row in group)
        shares = " | ".join(f"{100 * counts[each] / len(group):.0f}" for each in OUTCOMES)
        mean = sum(row["seconds"] for row in group) / len(group)
        moves = sum(row["moves"] for row in group) / len(group)
        lines.append(f"| {name} | {len(group)} | {shares} | {mean:.2f} | {moves:.1f} |")
    return "\n".join(lines)


def compared(ours: Iterable[Mapping[str, Any]], theirs: Iterable[Mapping[str, Any]]) -> str:
    """Return how two engines did on the same instances, row by row.

    Placed counts from the highest tier on; disagreements are instances that both prove in full
    with different counts, moves or evictions taken together.
    """
    pairs = list(zip(ours, theirs, strict=True))
    better = sum(a["placed"] > b["placed"] for a, b in pairs)
    worse = sum(a["placed"] < b["placed"] for a, b in pairs)
    both = [(a, b) for a, b in pairs if a["proven"] and b["proven"]]
    differ = sum(_counts(a) != _counts(b) for a, b in both)
    return (
        f"placed more in {better}, as much in {len(pairs) - better - worse}, less in {worse}; "
        f"both prove {len(both)} in full and disagree on {differ}"
    )


def _counts(row: Mapping[str, Any]) -> tuple[list[int], int]:
    """Return what every optimum has in common: pods placed, and 2 per move and 3 per eviction."""
    return row["placed"], 2 * row["moves"] + 3 * row["evictions"]


def forbidden(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return in how many failures the default scheduler did what restow's rules forbid."""
    failures = [row for row in rows if row["outcome"] == "failure"]
    unfair = sum(row.get("default_forbidden", 0) > 0 for row in failures)
    return f"{len(failures)} failures, {unfair} where the default evicts what rules protect"
