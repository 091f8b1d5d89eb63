"""The process that plans: `python -m benchmarks.openb.solving FILE MOVES DEADLINE SEED OUTPUT`.

Its parent (`plan`) stops it at the limit; each better plan is written at once.
"""

import sys
import time
from pathlib import Path

from benchmarks.openb.instances import plan_of, read, write
from restow.packing.effort import Effort
from restow.sharing.engine import Outcome, share

WORKERS = 2
"""Threads of CP-SAT."""


def solve(path: Path, moves: int, deadline: float, seed: int, output: Path) -> None:
    """Write better and better plans until the deadline, a time of `time.time`."""
    instance = read(path, moves)
    seconds = max(0.05, deadline - time.time())
    effort = Effort(seconds=seconds, work=None, seed=seed)

    def tell(outcome: Outcome) -> None:
        write(output, plan_of(instance, outcome))

    tell(share(instance.problem, effort, tell, WORKERS))


if __name__ == "__main__":
    solve(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        float(sys.argv[3]),
        int(sys.argv[4]),
        Path(sys.argv[5]),
    )
