"""Virtual time: what happens next, until the trace ends; can be left off and gone on with."""

import heapq
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from restow.core.errors import ModelError
from restow.simulation.replay import measuring
from restow.simulation.replay.ledger import Json, Ledger, Sample, summary
from restow.simulation.replay.options import FALLBACK_MOVES, POINTS, Options, Variant
from restow.simulation.replay.planner import Look, Planner, Purpose
from restow.simulation.replay.sorting import Sorted
from restow.simulation.replay.virtual import Seated, virtual
from restow.simulation.traces.trace import Arrival, Departure, Placing, Trace

NEVER: Final = float("inf")
DEVICES, CPU = 0, 1

END, EVENT, FALLBACK, RESCHEDULE, SAMPLE = range(5)
"""What may come next; at the same moment in this order."""

Watch = Callable[["Replay"], None]
"""Is called after everything that has happened."""


class Replay:
    """One variant of one trace.

    Parameters
    ----------
    now
        Seconds of the trace.
    """

    def __init__(
        self, trace: Trace, found: Sorted, variant: Variant, options: Options, planner: Planner
    ) -> None:
        self.trace, self.variant, self.options = trace, variant, options
        self._planner = planner
        self._dice = np.random.default_rng(options.seed)
        self.cluster = virtual(trace, found, variant.policy, self._dice)
        self.ledger = Ledger()
        self.now = 0.0
        self._sample_s = options.sample_s or max(1.0, trace.ends_s / POINTS)
        self._ends: list[tuple[float, int]] = []
        self._done = [0, 0, 0, 0, 0]
        self._stirred = False
        self._came = {e.pod: e.at for e in trace.events if isinstance(e, Arrival)}
        devices = measuring.by_devices(found.workload)
        self._main = DEVICES if devices else CPU
        self._shapes = measuring.shapes_of(found.workload)
        nodes = found.workload.nodes
        self._whole = found.workload.capacity() if devices else sum(node.cpu_m for node in nodes)

    def run(self, watch: Watch = lambda _: None) -> Json:
        """Go on to the end; return the summary and the curves."""
        while self.step():
            watch(self)
        self._pass(self.trace.ends_s)
        since = self.options.warm_up_s
        return {
            "label": self.variant.label,
            "policy": self.variant.policy.value,
            "migrations": str(self.variant.migrations),
            "fallback": self.variant.fallback,
            "summary": summary(
                self.trace, self.ledger, since=since, whole=self._whole, unit=measuring.UNIT
            ),
            "samples": [list(sample) for sample in self.ledger.samples],
        }

    def step(self) -> bool:
        """Let the next thing happen; return whether there was one."""
        what, at = self._next()
        if at > self.trace.ends_s:
            return False
        self._pass(at)
        match what:
            case _ if what == END:
                _, pod = heapq.heappop(self._ends)
                self._depart(pod)
            case _ if what == EVENT:
                self._event()
            case _ if what == SAMPLE:
                self._sample()
            case _:
                self._look(Purpose.RESCHEDULING if what == RESCHEDULE else Purpose.PENDING_PODS)
        self._done[what] += 1
        return True

    @property
    def progress(self) -> int:
        """Return how many events of the trace have happened."""
        return self._done[EVENT]

    def remember(self) -> Json:
        """Return all that is needed to go on from here."""
        return {
            "now": self.now,
            "ends": [list(each) for each in self._ends],
            "done": self._done,
            "stirred": self._stirred,
            "dice": self._dice.bit_generator.state,
            "turn": self.cluster.policy.turn,
            "running": [[p, s.node, s.mask] for p, s in sorted(self.cluster.running.items())],
            "waiting": list(self.cluster.waiting()),
            "ledger": self.ledger.remember(),
        }

    def recall(self, kept: Json) -> None:
        """Go on from what `remember` returned, of a replay of the same trace and options."""
        self.now, self._done, self._stirred = kept["now"], list(kept["done"]), kept["stirred"]
        self._ends = [(at, pod) for at, pod in kept["ends"]]
        state: Any = kept["dice"]
        self._dice.bit_generator.state = state
        self.cluster.policy.turn = kept["turn"]
        running = {pod: Seated(node=node, mask=mask) for pod, node, mask in kept["running"]}
        self.cluster.restore(running, kept["waiting"])
        self.ledger = Ledger.recall(kept["ledger"])

    def _next(self) -> tuple[int, float]:
        options, events = self.options, self.trace.events
        times = [
            self._ends[0][0] if self._ends else NEVER,
            events[self._done[EVENT]].at if self._done[EVENT] < len(events) else NEVER,
            (self._done[FALLBACK] + 1) * options.look_s if self.variant.fallback else NEVER,
            (self._done[RESCHEDULE] + 1) * options.every_s if self.variant.reschedules else NEVER,
            self._done[SAMPLE] * self._sample_s,
        ]
        at = min(times)
        return times.index(at), at

    def _pass(self, at: float) -> None:
        """Let time pass: nothing changes meanwhile."""
        counted = at - max(self.now, self.options.warm_up_s)
        if counted > 0:
            cluster = self.cluster
            used, asked = cluster.used[self._main], cluster.asked[self._main]
            self.ledger.add(counted, (used, asked, len(cluster.queue)))
        self.now = at

    def _event(self) -> None:
        match self.trace.events[self._done[EVENT]]:
            case Arrival(pod=pod):
                self._stirred = True
                if self.cluster.arrive(pod):
                    self._started([pod])
            case Departure(pod=pod):
                self._depart(pod)
            case Placing():
                pass  # the cluster knows beforehand of those that count

    def _depart(self, pod: int) -> None:
        self._stirred = True
        self._started(self.cluster.depart(pod))

    def _started(self, pods: list[int]) -> None:
        for pod in pods:
            self.ledger.placed_at[pod] = self.now
            runs_s = self.trace.pods[pod].runs_s
            if runs_s is not None:
                heapq.heappush(self._ends, (self.now + runs_s, pod))

    def _look(self, purpose: Purpose) -> None:
        """Have a plan made and carried out, where there may be one."""
        if purpose is Purpose.PENDING_PODS and not (self._stirred and self.cluster.queue):
            return
        limit = self.variant.limit(len(self.cluster.running))
        if purpose is Purpose.PENDING_PODS:
            limit, self._stirred = FALLBACK_MOVES, False
        cooling = self._cooling()
        moves = self._planner(
            self.cluster, Look(purpose=purpose, now_s=self.now, limit=limit, cooling=cooling)
        )
        moved = [move.pod for move in moves if move.pod in self.cluster.running]
        if cooling & set(moved) or len(moved) > limit:
            raise ModelError(f"{len(moved)} of {limit} moves, {len(cooling & set(moved))} too soon")
        self._started(self.cluster.carry_out(moves))
        self.ledger.moved_at.update(dict.fromkeys(moved, self.now))
        if moves:
            self.ledger.note(purpose.value, len(moved))
            self._started(self.cluster.retry())

    def _cooling(self) -> frozenset[int]:
        since = self.now - self.options.cooldown_s
        moved_at = self.ledger.moved_at
        return frozenset(
            p for p, at in moved_at.items() if at > since and p in self.cluster.running
        )

    def _waited(self) -> float:
        """Return the mean time that those who wait have waited."""
        waiting = [self.now - self._came[pod] for pod in self.cluster.waiting()]
        return sum(waiting) / len(waiting) if waiting else 0.0

    def _sample(self) -> None:
        cluster, main = self.cluster, self._main
        self.ledger.samples.append(
            Sample(
                at=self.now,
                allocation=cluster.used[main] / self._whole if self._whole else 0.0,
                fragmentation=measuring.fragmentation(
                    cluster.cluster, self._shapes, devices=main == DEVICES
                ),
                waiting=len(cluster.queue),
                asked=cluster.asked[main] / measuring.UNIT,
                migrations=self.ledger.migrations,
                waited=self._waited(),
            )
        )
