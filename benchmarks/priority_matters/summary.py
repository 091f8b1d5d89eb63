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
