"""`python -m e2e.conform`: ask kube-scheduler and restow about random pods, and compare."""

import argparse
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from e2e.conform.asking import Asked, asked
from e2e.conform.coverage import Coverage
from e2e.conform.generate import PROBES
from e2e.conform.judge import Disagreement
from e2e.conform.oracle import Oracle, oracle
from e2e.conform.scene import Scene, line, read
from e2e.conform.shrinking import TRIES, smallest

MOST_SHRUNK: Final = 3
"""Disagreements that are made small, each of another scene: others often have the same cause."""


def main() -> int:
    """Run; return 0 when the two agree on every case and, if that is asked, no rule is thin.

    An interrupt ends the asking; what was said until then is told and counts.
    """
    options = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    coverage = Coverage()
    found: list[tuple[Asked, Disagreement]] = []
    with _scheduler(options.replay) as scheduler:
        with suppress(KeyboardInterrupt):
            for one in _recorded(_scenes(options, scheduler), options.record):
                for wrong in coverage.add(one[1]):
                    _tell(wrong)
                    found.append((one, wrong))
        wall_s = time.monotonic() - began
        if scheduler is not None:
            _shrink(scheduler, found, options)
    print(coverage.table())
    thin = coverage.thin()
    for each in thin:
        print(f"thin: {each}")
    origin = options.replay or f"seed {options.seed}"
    print(f"{coverage.cases} cases of {origin} in {wall_s:.0f} s: {len(found)} disagreements")
    return 1 if found or (options.strict and thin) else 0


def _recorded(scenes: Iterator[Asked], path: Path | None) -> Iterator[Asked]:
    """Yield the scenes, each when it is in the file that is asked for."""
    if path is None:
        yield from scenes
        return
    with path.open("w") as file:
        for each in scenes:
            file.write(line(each[1]))
            file.flush()
            yield each


def _tell(wrong: Disagreement) -> None:
    print(f"{wrong.scene}#{wrong.index} {'+'.join(wrong.topics)}")
    print(f"  kube-scheduler {wrong.theirs}\n  restow         {wrong.ours}")


def _shrink(
    scheduler: Oracle,
    found: Iterable[tuple[Asked, Disagreement]],
    options: argparse.Namespace,
) -> None:
    """Print the smallest forms of the first disagreements, and keep them where that is asked."""
    firsts: dict[str, tuple[Asked, Disagreement]] = {}
    for each, wrong in found:
        firsts.setdefault(wrong.scene, (each, wrong))
    for (scene, judged), wrong in list(firsts.values())[:MOST_SHRUNK]:
        small = smallest(scheduler, scene, judged, wrong, tries=options.tries)
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


def _scenes(options: argparse.Namespace, scheduler: Oracle | None) -> Iterator[Asked]:
    if scheduler is None:
        return ((Scene(name=each.name), each) for each in read(options.replay))
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
