"""`python -m e2e.conform.gather RECORDING`: keep scenes for the mistakes that few cases tell.

Plants every mistake of `mutants` and judges the recording with it. What the scenes of the corpus
tell needs no more, nor what is told often enough. Of each other mistake, the smallest form of a
scene that tells is added to the corpus: found as that of a disagreement is, with kube-scheduler.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from e2e.conform import corpus
from e2e.conform.generate import scene
from e2e.conform.indifferent import why_indifferent
from e2e.conform.judge import Disagreement
from e2e.conform.mutants import Judge, agree, first, head, modules, telling
from e2e.conform.oracle import Oracle, oracle
from e2e.conform.planting import Mistake, mistakes, planted
from e2e.conform.scene import Recorded, Scene, renamed
from e2e.conform.shrinking import smallest

OFTEN: Final = 4
"""Scenes in which a mistake is told of so many cases … """

CASES: Final = 800
""" … for it to be told by chance in nearly any 2,000."""

TRIES: Final = 24
"""Smaller forms of one scene that kube-scheduler is asked about: most of what can go is gone."""


class Rare(NamedTuple):
    """A mistake that few scenes tell: its module, its number there, and scenes that tell."""

    module: str
    number: int
    scenes: tuple[str, ...]


def main() -> int:
    """Add to the corpus; return 1 when there are mistakes that no scene shows again.

    2 when the rules as they are disagree with the recording.
    """
    options = _arguments()
    if not agree(head(options.recording, sys.maxsize)):
        print("the rules as they are disagree with the recording", file=sys.stderr)
        return 2
    with ProcessPoolExecutor() as pool:
        found = pool.map(partial(_rare, recording=options.recording), modules())
        rare = sorted((each for some in found for each in some), key=lambda each: len(each.scenes))
        print(f"{len(rare)} mistakes are told by few cases", flush=True)
        width = os.cpu_count() or 1
        shares = [rare[start::width] for start in range(width)]
        kept = pool.map(
            partial(_smallest, recording=options.recording, topic=options.topic), shares
        )
        small = [each for some, _ in kept for each in some]
        untold = [each for _, some in kept for each in some]
    first_free = sum(1 for _ in corpus.corpus())
    corpus.keep(
        renamed(each, f"{corpus.MARK}{number}") for number, each in enumerate(small, first_free)
    )
    print(f"{len(small)} scenes kept")
    for each in untold:
        print(f"told by none: {_called(each)}")
    return 1 if untold else 0


def _rare(module: str, recording: Path) -> list[Rare]:
    """Return the mistakes of a module that few scenes tell, and none of the corpus."""
    scenes = head(recording, sys.maxsize)
    found: list[Rare] = []
    for number, mistake in enumerate(mistakes(importlib.import_module(module))):
        told = None if why_indifferent(mistake) else _told(mistake, scenes)
        if told is not None:
            found.append(Rare(module, number, tuple(told)))
    return found


def _told(mistake: Mistake, scenes: Sequence[Recorded]) -> list[str] | None:
    try:
        with planted(mistake) as judge:
            told = [one.name for one, _ in islice(telling(judge.answers, scenes), OFTEN)]
    except Exception:  # noqa: BLE001 - restow cannot even be imported
        return None
    if any(name.startswith(corpus.MARK) for name in told) or _is_often(told, scenes):
        return None
    return told


def _is_often(told: Sequence[str], scenes: Iterable[Recorded]) -> bool:
    cases, there = 0, set(told)
    for one in scenes:
        there.discard(one.name)
        cases += len(one.verdicts)
        if not there or cases > CASES:
            break
    return len(told) == OFTEN and not there


def _smallest(
    rare: Iterable[Rare], recording: Path, topic: str | None
) -> tuple[list[Scene], list[Rare]]:
    """Return small scenes that tell the mistakes, and the mistakes that none tells again."""
    recorded = {each.name: each for each in head(recording, sys.maxsize)}
    kept: list[tuple[Scene, Recorded]] = []
    untold: list[Rare] = []
    with oracle() as scheduler:
        for each in rare:
            with planted(_mistake(each)) as judge:
                told = partial(_tells, judge.answers)
                if any(any(told(asked)) for _, asked in kept):
                    continue
                found = (recorded[name] for name in each.scenes)
                small = next(_small(scheduler, found, topic, told), None)
            if small is None:
                untold.append(each)
            else:
                kept.append(small)
                print(f"{_called(each)}: {len(small[0].probes)} pods", flush=True)
    return [one for one, _ in kept], untold


def _small(
    scheduler: Oracle,
    found: Iterable[Recorded],
    topic: str | None,
    told: Callable[[Recorded], Iterator[Disagreement]],
) -> Iterator[tuple[Scene, Recorded]]:
    for judged in found:
        seed, index = judged.name.partition(".")[0].split("-")
        whole = scene(int(seed), int(index), topic)
        small = smallest(scheduler, whole, judged, next(told(judged)), told=told, tries=TRIES)
        if small is not None:
            yield small.scene, small.recorded


def _tells(judge: Judge, asked: Recorded) -> Iterator[Disagreement]:
    """Yield the first pod that tells, as a disagreement."""
    place = first(judge, asked)
    if place is not None:
        pod = asked.verdicts[place].pod["metadata"]["name"]
        yield Disagreement(
            scene=asked.name, index=place, pod=pod, topics=(), theirs="", ours="a mistake"
        )


def _mistake(rare: Rare) -> Mistake:
    return list(mistakes(importlib.import_module(rare.module)))[rare.number]


def _called(rare: Rare) -> str:
    made = _mistake(rare)
    return f"{made.module}:{made.line}: {made.before}, {made.after}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m e2e.conform.gather", description=__doc__)
    parser.add_argument("recording", type=Path, help="written by python -m e2e.conform --record")
    parser.add_argument("--topic", help="with which the recording was made")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
