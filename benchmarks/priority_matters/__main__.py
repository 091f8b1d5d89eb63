"""Run the benchmark: JSON lines on stdout, progress and the summary on stderr."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any, TextIO

from benchmarks.priority_matters import engines, large, summary
from benchmarks.priority_matters.instances import draw
from benchmarks.priority_matters.scheduler import schedule
from restow.packing.problem import Order
from restow.packing.solve import get_ready

GRIDS = {"A": "4,8,16,32", "B": "64", "C": "100,1000,5000"}
"""Nodes of each grid; the other axes of A and B are the same, those of C are its own."""


def main() -> None:
    """Parse the arguments, run every instance that leaves pods pending, and sum up."""
    options = _options()
    get_ready()
    rows: list[dict[str, Any]] = []
    for row in _rows(options):
        rows.append(row)
        if options.output == "json":
            print(json.dumps(row), flush=True)
        elif sys.stderr.isatty():
            print(f"\r{len(rows)} answers", end="", file=sys.stderr)
    if rows and options.grid != "C":
        stream = sys.stderr if options.output == "json" else sys.stdout
        _sum_up(options, rows, stream)


def _sum_up(options: argparse.Namespace, rows: list[dict[str, Any]], stream: TextIO) -> None:
    """Print a table per engine, and how each compares with the first."""
    print(f"{options.window} s, load average {os.getloadavg()[0]:.1f}", file=stream)
    of = {name: [row for row in rows if row["engine"] == name] for name in _engines(options)}
    first, *others = of
    for name, ours in of.items():
        print(f"\n{name}\n\n{summary.table(ours)}", file=stream)
    for name in others:
        print(f"\n{first} against {name}: {summary.compared(of[first], of[name])}", file=stream)


def _engines(options: argparse.Namespace) -> list[str]:
    return list(options.engine.split(","))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.priority_matters")
    parser.add_argument("--grid", choices=[*GRIDS], default="A")
    parser.add_argument("--seeds", default="0-4", help="FIRST-LAST")
    parser.add_argument("--window", type=float, default=1.0, help="seconds per instance")
    parser.add_argument(
        "--engine", default="ours", help="of ours, paper, classes; several run in turn"
    )
    parser.add_argument("--order", choices=["paper", "restow"], default="paper")
    parser.add_argument("--nodes", help="instead of the grid's")
    parser.add_argument("--pods-per-node", default="4,8")
    parser.add_argument("--priorities", default="1,2,4")
    parser.add_argument("--utilisations", default="0.90,0.95,1.00,1.05")
    parser.add_argument("--output", choices=["json", "table"], default="table")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    first, _, last = options.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    if options.grid == "C":
        yield from large.rows(_numbers(options.nodes or GRIDS["C"]), seeds, options.window)
        return
    axes = product(
        seeds,
        _numbers(options.nodes or GRIDS[options.grid]),
        _numbers(options.pods_per_node),
        _numbers(options.priorities),
        [float(part) for part in options.utilisations.split(",")],
    )
    for seed, nodes, pods, priorities, utilisation in axes:
        instance = draw(
            nodes=nodes,
            pods_per_node=pods,
            priorities=priorities,
            utilisation=utilisation,
            seed=seed,
        )
        start = schedule(instance, preemption=False)
        if not start.pending.total():
            continue
        default = schedule(instance, preemption=True).placed()
        problem = engines.formulate(instance, start, Order(options.order))
        for engine in _engines(options):
            result = engines.run(engine, problem, options.window)
            yield {
                "grid": options.grid,
                "nodes": nodes,
                "pods_per_node": pods,
                "priorities": priorities,
                "utilisation": utilisation,
                "seed": seed,
                "window_s": options.window,
                "engine": engine,
                "order": options.order,
                "outcome": summary.outcome(result.placed, default, proven=result.proven),
                "proven": result.proven,
                "default": default,
                "placed": result.placed,
                "bound": result.bound,
                "moves": result.moves,
                "evictions": result.evictions,
                "seconds": round(result.seconds, 3),
                "rss_mib": engines.rss_mib(),
                "levels": result.levels,
            }


if __name__ == "__main__":
    main()
