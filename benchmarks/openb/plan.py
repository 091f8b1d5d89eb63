"""Plans one snapshot within a limit of moves and of time that counts from outside.

The work is done by a process of its own (`solving`), stopped a little before the limit whatever it
does; until it has found something the plan is the empty one, which is valid.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.age import age
from benchmarks.openb.instances import write

SPARE = 0.02
"""Share of the limit kept for stopping the process that plans; at least `LEAST_SPARE`."""

LEAST_SPARE = 0.15
"""Seconds."""

EMPTY: dict[str, Any] = {"moves": [], "placements": []}


def plan(path: Path, moves: int, limit_s: float, output: Path, seed: int = 0) -> dict[str, Any]:
    """Write the best plan found, and return what it promises."""
    began = time.time() - age()
    write(output, EMPTY)
    spare = max(LEAST_SPARE, SPARE * limit_s)
    deadline = began + limit_s - spare
    command = [sys.executable, "-m", "benchmarks.openb.solving", str(path), str(moves)]
    command += [str(deadline), str(seed), str(output)]
    with subprocess.Popen(command) as process:
        try:
            code = process.wait(max(0.0, began + limit_s - LEAST_SPARE / 2 - time.time()))
        except subprocess.TimeoutExpired:
            process.kill()
            code = None
    found = json.loads(output.read_text())
    return {
        "instance": path.name.removesuffix(".json.gz"),
        "max_moves": moves,
        "time_limit": limit_s,
        "moves": len(found["moves"]),
        "placements": len(found["placements"]),
        **{key: found.get(key) for key in ("parked", "start_pct", "alloc_pct", "bound_pct")},
        "stopped": code is None,
        "failed_to_plan": bool(code),
        "seconds": round(time.time() - began, 3),
    }
