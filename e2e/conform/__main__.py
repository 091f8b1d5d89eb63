"""`python -m e2e.conform`: ask kube-scheduler and restow about random pods, and compare."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from e2e.conform.asking import asked
from e2e.conform.coverage import Coverage
from e2e.conform.generate import PROBES, named
from e2e.conform.judge import Disagreement
from e2e.conform.oracle import Oracle, oracle
from e2e.conform.scene import Recorded, read, write
from e2e.conform.shrinking import TRIES, smallest

MOST_SHRUNK: Final = 3
"""Disagreements that are made small, each of another scene: others often have the same cause."""


def main() -> int:
    """Run; return 0 when the two agree on every case and, if that is asked, no rule is thin."""
    options = _arguments()
    began = time.monotonic()
    coverage = Coverage()
    with _scheduler(options.replay) as scheduler:
        scenes = list(_scenes(options, scheduler))
        if options.record is not None:
            write(options.record, scenes)
        found = [wrong for each in scenes for wrong in coverage.add(each)]
        wall_s = time.monotonic() - began
        for wrong in found:
            _tell(wrong)
        if scheduler is not None:
            _shrink(scheduler, found, scenes, options)
    print(coverage.table())
    thin = coverage.thin()
    for each in thin:
        print(f"thin: {each}")
    origin = options.replay or f"seed {options.seed}"
    print(f"{coverage.cases} cases of {origin} in {wall_s:.0f} s: {len(found)} disagreements")
    return 1 if found or (options.strict and thin) else 0


def _tell(wrong: Disagreement) -> None:
    print(f"{wrong.scene}#{wrong.index} {'+'.join(wrong.topics)}")
    print(f"  kube-scheduler {wrong.theirs}\n  restow         {wrong.ours}")


def _shrink(
    scheduler: Oracle,
    found: Iterable[Disagreement],
    scenes: Iterable[Recorded],
    options: argparse.Namespace,
) -> None:
    """Print the smallest forms of the first disagreements, and keep them where that is asked."""
    judged = {each.name: each for each in scenes}
    firsts: dict[str, Disagreement] = {}
    for wrong in found:
        firsts.setdefault(wrong.scene, wrong)
    for wrong in list(firsts.values())[:MOST_SHRUNK]:
        scene = named(wrong.scene, options.topic)
        small = smallest(scheduler, scene, judged[wrong.scene], wrong, tries=options.tries)
        if small is None:
            print(f"{wrong.scene}#{wrong.index} does not come again when it is asked about alone")
            continue
        print(small.manifest())
        if options.keep is not None:
            print(f"kept as {small.keep(options.keep)}")


@contextmanager
def _scheduler(replay: Path | None) -> Iterator[Oracle | None]:
    """Start kube-scheduler, unless what it said is there already."""
    if replay is not None:
        yield None
        return
    with oracle() as scheduler:
        yield scheduler


def _scenes(options: argparse.Namespace, scheduler: Oracle | None) -> Iterator[Recorded]:
    if scheduler is None:
        return read(options.replay)
    return asked(scheduler, seed=options.seed, cases=options.cases, topic=options.topic)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m e2e.conform", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help=f"{PROBES} or fewer per scene")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--topic", help="only pods about this rule, such as DynamicResources")
    parser.add_argument("--record", type=Path, help="write what kube-scheduler said to this file")
    parser.add_argument("--replay", type=Path, help="judge such a file instead of asking")
    parser.add_argument("--strict", action="store_true", help="fail when a rule is thin")
    parser.add_argument("--keep", type=Path, help="write small disagreements to this folder")
    parser.add_argument("--tries", type=int, default=TRIES, help="scenes per small disagreement")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
