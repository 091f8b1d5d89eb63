"""`python -m e2e.whole_plans`: have the operator carry out the plans of random clusters."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path

from e2e.whole_plans.draw import Draw, draw
from e2e.whole_plans.play import Played, Stage
from e2e.whole_plans.tally import Tally
from e2e.whole_plans.theatre import theatre


def main() -> int:
    """Run; return 0 when every plan kept its word and no promise was broken, else 1."""
    asked = _arguments()
    began = time.monotonic()
    tally = Tally()
    with theatre() as house:
        for played in _plays(house.stage, asked):
            tally.add(played)
            for line in tally.wrong_of(played):
                print(f"{played.name}: {line}", file=sys.stderr)
            if asked.record is not None:
                with asked.record.open("a") as file:
                    file.write(json.dumps(asdict(played)) + "\n")
        broken = house.broken_promises()
        print(tally.table())
        print(f"{house.evictions} pods evicted, {house.gated} replacements gated and released")
        if tally.wrong and asked.log:
            print(house.operator.tail(asked.log), file=sys.stderr)
    for promise in broken:
        print(promise, file=sys.stderr)
    wall_s = time.monotonic() - began
    wrong = tally.wrong + len(broken)
    print(f"{tally.executed} plans of seed {asked.seed} in {wall_s:.0f} s: {wrong} wrong")
    return 1 if wrong else 0


def _plays(stage: Stage, asked: argparse.Namespace) -> Iterator[Played]:
    """Play draws, some at a time, until enough plans were carried out or the time is up."""
    done, until = 0, time.monotonic() + asked.seconds
    numbers = count(asked.first)
    with ThreadPoolExecutor(asked.width) as pool:
        while done < asked.plans and time.monotonic() < until:
            batch = [draw(asked.seed, next(numbers)) for _ in range(asked.width)]
            for played in pool.map(partial(_play, stage), batch):
                done += played.executed
                yield played


def _play(stage: Stage, each: Draw) -> Played:
    try:
        return stage.play(each)
    except AssertionError as error:
        return Played.failed(each, str(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m e2e.whole_plans", description=__doc__)
    parser.add_argument("--plans", type=int, default=10, help="plans to carry out, or a few more")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first cluster")
    parser.add_argument("--width", type=int, default=3, help="clusters side by side")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin none later")
    parser.add_argument("--record", type=Path, help="append what came of each cluster, as JSON")
    parser.add_argument("--log", type=int, default=0, help="lines of the operator's log to show")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
