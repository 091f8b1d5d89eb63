"""`python -m benchmarks.vmr2l --instance FILE --max-migrations N --time-limit S`.

Prints one JSON object per instance and limit: `slots_before`, `slots_after`, `bound` and `proven`
in copies of the target shape, `moves` as `{vm, from: [node, numa], to: [node, numa], wave}` (numa
0, 1, or 2 for both; 0 where there are none), and `seconds` of the solve, reading excluded.
The limit counts from the start of the process, so that whoever waits for it waits no longer. Each
plan is judged by `replay`, which reads the file by itself.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.age import age
from benchmarks.arguments import count
from benchmarks.vmr2l.baselines import ENGINES, Answer, answer_of
from benchmarks.vmr2l.instances import Instance, MalformedError, read
from benchmarks.vmr2l.replay import replay
from restow.packing.effort import Effort
from restow.rescheduling.problem import Problem
from restow.rescheduling.reaching import reach

PRINTING: Final = 0.1
"""Seconds kept for writing the answer."""


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.vmr2l", description=str(__doc__).partition("\n")[0]
    )
    parser.add_argument("--instance", type=Path, nargs="+", required=True)
    parser.add_argument("--max-migrations", type=count, nargs="+", required=True)
    parser.add_argument("--time-limit", type=float, default=5.0, help="seconds")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="restow")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--until", type=float, help="as few migrations as bring the fragment rate down to this"
    )
    parser.add_argument("--brief", action="store_true", help="print no moves")
    arguments = parser.parse_args()
    began = time.monotonic() - age()
    for path in arguments.instance:
        for limit in arguments.max_migrations:
            try:
                result = _run(path, limit, began, arguments)
            except MalformedError as error:
                print(error, file=sys.stderr)
                return 2
            print(json.dumps(result), flush=True)
            began = time.monotonic()
    return 0


def _run(path: Path, limit: int, began: float, arguments: argparse.Namespace) -> dict[str, Any]:
    instance = read(path)
    left = max(0.05, arguments.time_limit - (time.monotonic() - began) - PRINTING)
    effort = Effort(seconds=left, work=None, seed=arguments.seed)
    start = time.monotonic()
    problem = replace(instance.problem, limit=limit)
    least: dict[str, Any] = {}
    if arguments.until is None:
        outcome = ENGINES[arguments.engine](problem, effort)
    else:
        goal = slots_for(problem, arguments.until)
        reached = reach(problem, goal, effort)
        outcome = answer_of(reached.outcome)
        least = {"goal": goal, "least": reached.least, "fewest_proven": reached.proven}
    seconds = time.monotonic() - start
    result = {
        "instance": instance.name,
        "max_migrations": limit,
        "engine": arguments.engine,
        "slots_before": outcome.before,
        "slots_after": outcome.after,
        "bound": outcome.bound,
        "proven": outcome.proven,
        "moves": list(_moves(instance, outcome)),
        "waves": outcome.steps[-1].wave + 1 if outcome.steps else 0,
        "seconds": round(seconds, 3),
        **least,
    }
    replay(path, limit, result)
    if arguments.brief:
        result["moves"] = len(outcome.steps)
    return result


def slots_for(problem: Problem, rate: float) -> int:
    """Return how many slots make a fragment rate, of the first shape's main resource."""
    size = max(problem.shapes[0].requests[0])
    free = sum(
        amount
        for row in problem.free
        for request in problem.shapes[0].requests
        for amount, asked in zip(row, request, strict=True)
        if asked == size
    )
    return math.ceil((1 - rate) * free / size)


def _moves(instance: Instance, outcome: Answer) -> Iterator[dict[str, Any]]:
    movers = instance.problem.movers
    where = [(mover.node, mover.mode) for mover in movers]
    for step in outcome.steps:
        kind = movers[step.mover].kind
        (old, mode), where[step.mover] = where[step.mover], (step.node, step.mode)
        yield {
            "vm": instance.movers[step.mover],
            "from": [instance.nodes[old], instance.numa(kind, mode)],
            "to": [instance.nodes[step.node], instance.numa(kind, step.mode)],
            "wave": step.wave,
        }


if __name__ == "__main__":
    sys.exit(main())
