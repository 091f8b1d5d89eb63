"""Time from Unschedulable to Running for samples, split into waiting, solving and acting.

`python -m benchmarks.time_to_running --runs 20 --output json` starts a local control plane with the
chart and the operator, plays each sample `--runs` times, and prints one JSON line per run and one
with the medians per sample. Times are taken by a watch from outside, in seconds:

waiting  from the pod's condition Unschedulable to the plan's appearance, solving left out:
         grace and batch window (1 s each in the samples) and the operator's own time
solving  the plan's `status.solve.wallSeconds`
acting   from the plan's appearance until the pod runs
"""

import argparse
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from e2e.client import Client, Json
from e2e.cluster.local import LocalCluster
from e2e.mirror import Change, Mirrors
from e2e.process_operator import ProcessOperator
from e2e.release import Release
from e2e.scenario import Scenario, is_running, why_unschedulable

SAMPLES: Final = {"stranded-8gpu": "training", "chain": "p", "three-tiers": "whole"}
PARTS: Final = ("waiting_s", "solving_s", "acting_s", "total_s")
LIMIT_S: Final = 60


class Stopwatch:
    """Notes when the pending pod is given up on, when a plan appears, and when the pod runs."""

    def __init__(self, stage: Scenario, app: str) -> None:
        self._namespace, self._app = stage.namespace, app
        self.unschedulable: float | None = None
        self.planned: float | None = None
        self.plan = ""
        self.running = threading.Event()
        self.ran: float = 0
        mirrors = stage.mirrors
        self._ends = [mirrors["Pod"].listen(self._pod), mirrors["PackingPlan"].listen(self._plan)]

    def end(self) -> None:
        """Stop watching."""
        for end in self._ends:
            end()

    def _pod(self, change: Change) -> None:
        meta = change.last["metadata"]
        ours = meta["namespace"] == self._namespace and meta["labels"].get("app") == self._app
        if not ours or change.after is None:
            return
        if self.unschedulable is None and why_unschedulable(change.after):
            self.unschedulable = change.at
        if is_running(change.after) and not self.running.is_set():
            self.ran = change.at
            self.running.set()

    def _plan(self, change: Change) -> None:
        if self.planned is None and change.before is None and change.after is not None:
            self.planned, self.plan = change.at, change.after["metadata"]["name"]


def measure(stage: Scenario, sample: str) -> Json:
    """Play one sample and return its times.

    Raises
    ------
    AssertionError
        The pod does not run in time.
    """
    stage.stage(sample)
    stage.apply_sample(sample, "policy")
    watch = Stopwatch(stage, SAMPLES[sample])
    try:
        stage.apply_sample(sample, "pending")
        assert watch.running.wait(LIMIT_S), f"{sample}: no pod runs within {LIMIT_S} s"
    finally:
        watch.end()
    assert watch.unschedulable is not None, f"{sample}: kube-scheduler placed the pod itself"
    assert watch.planned is not None, f"{sample}: no plan appeared"
    solve = solve_of(stage, watch.plan)
    return {
        "sample": sample,
        "waiting_s": round(watch.planned - watch.unschedulable - solve["wallSeconds"], 3),
        "solving_s": round(solve["wallSeconds"], 3),
        "acting_s": round(watch.ran - watch.planned, 3),
        "total_s": round(watch.ran - watch.unschedulable, 3),
        "moves": solve["disturbed"]["moves"],
        "evictions": solve["disturbed"]["evictions"],
        "proven": solve["disturbed"]["proven"],
    }


def solve_of(stage: Scenario, plan: str) -> Json:
    """Return how a plan was solved, once its status is written."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        found: Json = stage.client.get("PackingPlan", plan).get("status", {})
        if "solve" in found:
            solve: Json = found["solve"]
            return solve
        time.sleep(0.05)
    raise AssertionError(f"plan {plan} has no status")


@contextmanager
def cluster() -> Iterator[tuple[Client, Mirrors]]:
    """Run a local control plane with the chart installed and the operator beside it."""
    backend = LocalCluster()
    try:
        backend.create()
        client = Client(backend.workdir / "kubeconfig")
        mirrors = Mirrors(client)
        release = Release(client, backend)
        release.install()
        log = backend.workdir / "operator.log"
        operator = ProcessOperator(release.identity(), log, backend.environment)
        operator.start()
        try:
            yield client, mirrors
        finally:
            operator.stop()
            mirrors.close()
            client.close()
    finally:
        backend.delete()


def summary(sample: str, runs: list[Json]) -> Json:
    """Return the median and the largest of each part over the runs of a sample."""
    line: Json = {"sample": sample, "runs": len(runs), "summary": True}
    for part in PARTS:
        seconds = [run[part] for run in runs]
        line[part] = {"median": round(statistics.median(seconds), 3), "max": max(seconds)}
    return line


def main(arguments: list[str] | None = None) -> int:
    """Measure what the arguments ask for; return 0."""
    parser = argparse.ArgumentParser(prog="benchmarks.time_to_running", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--samples", default=",".join(SAMPLES))
    parser.add_argument("--output", choices=("json", "table"), default="table")
    chosen = parser.parse_args(arguments)
    found: dict[str, list[Json]] = {sample: [] for sample in chosen.samples.split(",")}
    with cluster() as (client, mirrors):
        for run in range(chosen.runs):
            for sample, runs in found.items():
                stage = Scenario(client, mirrors)
                try:
                    runs.append(measure(stage, sample) | {"run": run})
                finally:
                    stage.clean()
                if chosen.output == "json":
                    print(json.dumps(runs[-1]), flush=True)
    for sample, runs in found.items():
        line = summary(sample, runs)
        if chosen.output == "json":
            print(json.dumps(line))
        else:
            parts = "  ".join(f"{part[:-2]} {line[part]['median']:.2f}" for part in PARTS)
            print(f"{sample:14} {parts}   (median seconds of {len(runs)} runs)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
