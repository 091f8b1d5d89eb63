"""`python -m e2e.conform.mutants FILE`: would a mistake in a rule be found?

Re-judges a recording of what kube-scheduler said with each rule switched off, and with each
comparison changed in every module that the rules ask: negated, and, where it is an order, with its
border moved. A mutant that nothing finds is a mistake that the random pods would let pass, or a
comparison that makes no difference; those that make none are in `indifferent`, each with its why.
"""

import argparse
import importlib
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

from e2e.conform.coverage import LEFT_OUT
from e2e.conform.indifferent import SILENT, why_indifferent
from e2e.conform.judge import Disagreement, answers
from e2e.conform.planting import PACKAGE, Mistake, mistakes, none_in, planted
from e2e.conform.scene import Recorded, Verdict, read
from restow.rules import registry
from restow.rules.registry import RULES

PATIENCE_S: Final = 10
"""CPU time; a mutant that takes longer with one scene runs in circles: it was noticed."""

Judge = Callable[[Recorded], Iterator[tuple[Verdict, Disagreement | None]]]
"""`judge.answers` of restow's rules, or of those with a mistake in them."""


class Fate(NamedTuple):
    """What became of one mistake; `why` it makes no difference, empty when it should make one."""

    mistake: Mistake
    found: bool
    why: str


def fates(name: str, recording: Path, cases: int) -> list[Fate]:
    """Judge the first cases of a recording with each mistake in the module planted."""
    scenes = head(recording, cases)
    return [_fate(each, scenes) for each in mistakes(importlib.import_module(name))]


def _fate(mistake: Mistake, scenes: Sequence[Recorded]) -> Fate:
    try:
        with planted(mistake) as judge:
            found = any(telling(judge.answers, scenes))
    except Exception:  # noqa: BLE001 - restow cannot even be imported
        found = True
    return Fate(mistake, found, why_indifferent(mistake))


def telling(judge: Judge, scenes: Iterable[Recorded]) -> Iterator[tuple[Recorded, int]]:
    """Yield the scenes that tell, with the place of the first pod of each that does.

    Rules that break down on a scene, or take too long, tell as well.
    """
    for scene in scenes:
        place = first(judge, scene)
        if place is not None:
            yield scene, place


def first(judge: Judge, scene: Recorded) -> int | None:
    """Return the place of the first pod of a scene that tells, None when none does."""
    signal.signal(signal.SIGPROF, _give_up)
    place = 0
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    try:
        for _, wrong in judge(scene):
            if wrong is not None:
                return place
            place += 1
    except Exception:  # noqa: BLE001 - whatever a mutant raises, it was noticed
        return place
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


@cache
def head(recording: Path, cases: int) -> tuple[Recorded, ...]:
    """Return the scenes at the start of a recording that together have so many cases."""
    found: list[Recorded] = []
    for scene in read(recording):
        if sum(len(each.verdicts) for each in found) >= cases:
            break
        found.append(scene)
    return tuple(found)


def modules() -> list[str]:
    """Return the modules that the rules ask and that could be wrong, sorted."""
    return sorted(
        name
        for name in sys.modules
        if name.startswith(f"{PACKAGE}.") and not name.startswith(tuple(SILENT))
    )


def main() -> int:
    """Print the tables; return 0 when every mistake that makes a difference is found."""
    options = _arguments()
    scenes = head(options.recording, options.cases)
    if not agree(scenes):
        print("the rules as they are disagree with the recording", file=sys.stderr)
        return 2
    missed = _switched_off(scenes)
    each = partial(fates, recording=options.recording, cases=options.cases)
    with ProcessPoolExecutor() as pool:
        found = [fate for some in pool.map(each, options.modules or modules()) for fate in some]
    _tell(found)
    return 1 if missed or any(not each.found and not each.why for each in found) else 0


def agree(scenes: Iterable[Recorded]) -> bool:
    """Return whether the rules tell nothing where no mistake is planted.

    Every module that they ask is imported afterwards.
    """
    with planted(none_in(registry)) as judge:
        return not any(telling(judge.answers, scenes)) and not any(telling(answers, scenes))


def _switched_off(scenes: Sequence[Recorded]) -> int:
    """Print which rules are missed when they are switched off; return how many that are."""
    missed = 0
    print("| rule | switched off |\n| --- | --- |")
    for rule in RULES:
        rest = tuple(each for each in RULES if each is not rule)
        found = any(telling(partial(answers, rules=rest), scenes))
        why = LEFT_OUT.get(rule.plugin)
        missed += not found and why is None
        print(f"| {rule.plugin} | {'found' if found else f'missed: {why}' if why else 'missed'} |")
    return missed


def _tell(found: Sequence[Fate]) -> None:
    print("\n| module | comparisons changed | found | indifferent | missed |")
    print("| --- | --- | --- | --- | --- |")
    total: dict[str, Counter[str]] = {}
    for each in found:
        kind = "found" if each.found else "indifferent" if each.why else "missed"
        total.setdefault(each.mistake.module, Counter())[kind] += 1
    for name, counts in total.items():
        kinds = " | ".join(str(counts[kind]) for kind in ("found", "indifferent", "missed"))
        print(f"| {name.removeprefix(f'{PACKAGE}.')} | {counts.total()} | {kinds} |")
    print()
    for made, is_noticed, why in found:
        if not is_noticed and not why:
            where = f"{made.module.removeprefix(f'{PACKAGE}.')}:{made.line}"
            print(f"missed: {where}: {made.before}, {made.after}")


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m e2e.conform.mutants", description=__doc__)
    parser.add_argument("recording", type=Path, help="written by python -m e2e.conform --record")
    parser.add_argument("--cases", type=int, default=2000, help="of the recording, from its start")
    parser.add_argument("modules", nargs="*", help="change these only, restow.rules.reach …")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
