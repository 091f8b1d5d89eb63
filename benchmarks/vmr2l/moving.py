"""`python -m benchmarks.vmr2l.moving --instance FILE --max-migrations N --rate R`.

The cluster moves on while a plan is made and carried out: VMs come and go, R a minute, each of them
placed where it spoils least. The plan is made on the cluster as it was at the start, in the seconds
that it takes; then its waves follow one another, a live migration takes `--migration` seconds, and
each step is looked at again just before it begins: who is gone or has no room stays where it is.
Per run one JSON line: `planned` slots, `realised` (slots with the plan less slots without it, after
the same comings and goings until its last wave ended), steps `done` and `left` undone, and `wrong`:
moments in which a node was overfilled, which must be none.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.vmr2l.instances import read
from restow.packing.effort import Effort
from restow.rescheduling.engine import reschedule
from restow.rescheduling.problem import Ints, Problem, worth


@dataclass(frozen=True, slots=True)
class Event:
    """At a moment somebody leaves, or one of a kind comes."""

    at: float
    leaves: int | None
    kind: int


@dataclass(slots=True)
class World:
    """A cluster that lives; movers beyond the problem's are newcomers."""

    problem: Problem
    free: Ints
    at: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem) -> "World":
        at = {m: (mover.kind, mover.node, mover.mode) for m, mover in enumerate(problem.movers)}
        return cls(problem, np.array(problem.free, np.int64), at)

    def slots(self) -> int:
        return int(worth(self.problem.shapes, self.free).sum())

    def happen(self, event: Event) -> None:
        """Let somebody leave or come."""
        if event.leaves is not None:
            if event.leaves in self.at:
                kind, node, mode = self.at.pop(event.leaves)
                self.free[node] += self.problem.needs(kind, mode)
            return
        place = self._cheapest(event.kind)
        if place is not None:
            self._put(len(self.problem.movers) + round(event.at * 1e6), event.kind, *place)

    def go(self, mover: int, source: tuple[int, int], target: tuple[int, int]) -> bool:
        """Let a mover begin to migrate; return whether it could."""
        here = self.at.get(mover)
        if here is None or here[1:] != source:
            return False
        need = self.problem.needs(here[0], target[1])
        if (need > self.free[target[0]]).any():
            return False
        self.free[target[0]] -= need
        return True

    def arrive(self, mover: int, target: tuple[int, int]) -> None:
        """Let a migration end: the old place is free, unless the mover left meanwhile."""
        if mover in self.at:
            kind, node, mode = self.at[mover]
            self.free[node] += self.problem.needs(kind, mode)
            self.at[mover] = (kind, *target)
            return
        kind = self.problem.movers[mover].kind
        self.free[target[0]] += self.problem.needs(kind, target[1])

    def _put(self, mover: int, kind: int, node: int, mode: int) -> None:
        self.free[node] -= self.problem.needs(kind, mode)
        self.at[mover] = (kind, node, mode)

    def _cheapest(self, kind: int) -> tuple[int, int] | None:
        """Return the place that costs fewest slots, the fullest of them."""
        best: tuple[int, int, int, int] | None = None
        now = worth(self.problem.shapes, self.free)
        for mode in range(len(self.problem.kinds[kind].modes)):
            left = self.free - self.problem.needs(kind, mode)
            cost = now - worth(self.problem.shapes, np.maximum(left, 0))
            for node in np.flatnonzero((left >= 0).all(axis=1)):
                rank = (int(cost[node]), int(left[node].sum()), int(node), mode)
                best = rank if best is None or rank < best else best
        return None if best is None else (best[2], best[3])


def events(problem: Problem, rate: float, seconds: float, seed: int) -> Iterator[Event]:
    """Yield comings and goings, as many of the one as of the other."""
    chance, now = random.Random(seed), 0.0
    while True:
        now += chance.expovariate(rate / 60)
        if now > seconds:
            return
        mover = chance.randrange(len(problem.movers))
        kind = problem.movers[chance.randrange(len(problem.movers))].kind
        yield Event(now, mover if chance.random() < 0.5 else None, kind)


def run(path: Path, limit: int, rate: float, migration_s: float, seed: int) -> dict[str, object]:
    """Plan, live on, and return what came of it."""
    problem = replace(read(path).problem, limit=limit)
    began = time.monotonic()
    outcome = reschedule(problem, Effort(seconds=5.0, work=None, seed=seed))
    seconds = time.monotonic() - began
    waves = sorted({step.wave for step in outcome.steps})
    horizon = seconds + migration_s * len(waves)
    coming = list(events(problem, rate, horizon, seed))
    world, still = World.of(problem), World.of(problem)
    for event in coming:
        still.happen(event)
    where = [(mover.node, mover.mode) for mover in problem.movers]
    pending, now, done, left, wrong = list(coming), seconds, 0, 0, 0

    def live_until(moment: float) -> None:
        while pending and pending[0].at <= moment:
            world.happen(pending.pop(0))

    for wave in waves:
        live_until(now)
        begun = []
        for step in (step for step in outcome.steps if step.wave == wave):
            target = (step.node, step.mode)
            if world.go(step.mover, where[step.mover], target):
                begun.append((step.mover, target))
            else:
                left += 1
        wrong += int((world.free < 0).any())
        now += migration_s
        live_until(now)
        for mover, target in begun:
            world.arrive(mover, target)
            where[mover] = target
            done += 1
        wrong += int((world.free < 0).any())
    live_until(horizon)
    planned, realised = outcome.after - outcome.before, world.slots() - still.slots()
    return {
        "instance": path.name.partition(".")[0],
        "max_migrations": limit,
        "rate": rate,
        "seed": seed,
        "planned": planned,
        "realised": realised,
        "share": round(realised / planned, 3) if planned else 1.0,
        "events": len(coming),
        "done": done,
        "left": left,
        "wrong": wrong,
        "seconds": round(seconds, 3),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vmr2l.moving")
    parser.add_argument("--instance", type=Path, nargs="+", required=True)
    parser.add_argument("--max-migrations", type=int, nargs="+", default=[50])
    parser.add_argument("--rate", type=float, nargs="+", default=[20.0, 40.0], help="a minute")
    parser.add_argument("--migration", type=float, default=20.0, help="seconds of a migration")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    asked = parser.parse_args()
    for path in asked.instance:
        for limit in asked.max_migrations:
            for rate in asked.rate:
                for seed in asked.seeds:
                    print(json.dumps(run(path, limit, rate, asked.migration, seed)), flush=True)


if __name__ == "__main__":
    main()
