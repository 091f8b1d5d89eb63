"""`python -m e2e.conform`: ask kube-scheduler and restow about random pods, and compare."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from e2e.conform.asking import asked
from e2e.conform.coverage import Coverage
from e2e.conform.generate import PROBES
from e2e.conform.judge import Disagreement
from e2e.conform.oracle import oracle
from e2e.conform.scene import Recorded, read, write


def main() -> int:
    """Run; return 0 when the two agree on every case, 1 when they do not."""
    options = _arguments()
    began = time.monotonic()
    scenes = list(_scenes(options.cases, options.seed, options.replay))
    if options.record is not None:
        write(options.record, scenes)
    coverage = Coverage()
    found = 0
    for each in scenes:
        for wrong in coverage.add(each):
            found += 1
            _tell(wrong)
    print(coverage.table())
    wall_s = time.monotonic() - began
    origin = options.replay or f"seed {options.seed}"
    print(f"{coverage.cases} cases of {origin} in {wall_s:.0f} s: {found} disagreements")
    return 1 if found else 0


def _tell(wrong: Disagreement) -> None:
    print(f"{wrong.scene}#{wrong.index} {'+'.join(wrong.topics)}")
    print(f"  kube-scheduler {wrong.theirs}\n  restow         {wrong.ours}")


def _scenes(cases: int, seed: int, replay: Path | None) -> Iterator[Recorded]:
    if replay is not None:
        yield from read(replay)
        return
    with oracle() as scheduler:
        yield from asked(scheduler, seed=seed, cases=cases)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m e2e.conform", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help=f"{PROBES} or fewer per scene")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, help="write what kube-scheduler said to this file")
    parser.add_argument("--replay", type=Path, help="judge such a file instead of asking")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
