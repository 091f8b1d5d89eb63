"""`python -m benchmarks.descheduler --nodes 24 --seeds 1 2 3`.

Starts a local control plane for each seed and peer, brings it to the same scattered state, and lets
the peer empty nodes until it does no more: the real descheduler (v0.36.0, built from the Go module
proxy) with HighNodeUtilization, run again and again, or restow with objective Consolidate. With
`MostAllocated` (`--packing`) kube-scheduler itself packs what was evicted, as HighNodeUtilization's
documentation asks for. Prints one JSON line each: nodes with pods before and after, pods deleted as
a watch from outside saw it, most pods of a Deployment that were not ready at a time beyond what its
disruption budget allows, and seconds.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.descheduler.building import descheduler
from benchmarks.descheduler.scattering import CORES, LABEL, SIZES, Start, draw, stage
from e2e.client import Client, Json
from e2e.cluster.local import PLAYED, LocalCluster
from e2e.mirror import Change, Mirrors
from e2e.plans import phase
from e2e.process_operator import ProcessOperator
from e2e.release import Release
from e2e.scenario import Scenario, is_ready, node_of
from e2e.waiting import eventually

ALLOWED: Final = 2
"""Pods that a budget lets be missing."""

RUNS: Final = 20
"""Runs of the descheduler, at most."""

LIMIT_S: Final = 600

UTILIZATION: Final = """
apiVersion: descheduler/v1alpha2
kind: DeschedulerPolicy
profiles:
  - name: consolidate
    pluginConfig:
      - name: DefaultEvictor
        args: {nodeFit: true}
      - name: HighNodeUtilization
        args: {thresholds: {cpu: %d}}
    plugins:
      balance:
        enabled: [HighNodeUtilization]
"""

PACKING: Final = """
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - pluginConfig:
      - name: NodeResourcesFit
        args: {scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 1}]}}
"""


class Watch:
    """Counts from outside what a peer does to the pods."""

    def __init__(self, scenario: Scenario, start: Start) -> None:
        self._namespace = scenario.namespace
        self._wanted = {app: sum(counts[app] for counts in start.there.values()) for app in SIZES}
        self._ready: dict[str, set[str]] = {app: set() for app in SIZES}
        for pod in scenario.pods():
            if is_ready(pod):
                self._ready[pod["metadata"]["labels"]["app"]].add(pod["metadata"]["uid"])
        self.gone: set[str] = set()
        self.missing = 0
        self.end = scenario.mirrors["Pod"].listen(self._heard)

    def _heard(self, change: Change) -> None:
        meta = change.last["metadata"]
        app = meta.get("labels", {}).get("app")
        if meta["namespace"] != self._namespace or app not in self._ready:
            return
        leaving = change.after is None or "deletionTimestamp" in meta
        if leaving:
            self.gone.add(meta["uid"])
        if not leaving and is_ready(change.last):
            self._ready[app].add(meta["uid"])
        else:
            self._ready[app].discard(meta["uid"])
        self.missing = max(self.missing, self._wanted[app] - len(self._ready[app]))


def used(scenario: Scenario) -> int:
    """Return how many nodes have pods."""
    return len({node_of(pod) for pod in scenario.pods()})


def by_descheduler(scenario: Scenario, backend: LocalCluster, start: Start, threshold: int) -> None:
    """Run the descheduler until a run moves nobody."""
    binary, policy = descheduler(), backend.workdir / "descheduler.yaml"
    policy.write_text(UTILIZATION % threshold)
    command = [str(binary), f"--policy-config-file={policy}", "--descheduling-interval=0"]
    command.append(f"--kubeconfig={backend.workdir / 'kubeconfig'}")
    for _ in range(RUNS):
        before = scenario.places()
        log = backend.workdir / "descheduler.log"
        with log.open("a") as file:
            subprocess.run(command, stdout=file, stderr=file, check=True, timeout=LIMIT_S)
        scenario.wait_running(start.pods, within_s=LIMIT_S)
        if scenario.places() == before:
            return


def by_restow(scenario: Scenario, backend: LocalCluster, start: Start, _: int) -> None:
    """Let restow consolidate until it plans no more."""
    release = Release(scenario.client, backend)
    release.install()
    log = backend.workdir / "operator.log"
    operator = ProcessOperator(release.identity(), log, backend.environment)
    operator.start()
    try:
        limits = {"movesPerPlan": 1000, "movesPerHour": 1000}
        section = {"objective": "Consolidate", "maxMigrations": 1000, "intervalSeconds": 60}
        spec = {"mode": "Act", "limits": limits, "rescheduling": section}
        scenario.apply(
            {
                "apiVersion": "restow.dev/v1alpha1",
                "kind": "PackingPolicy",
                "metadata": {"name": "consolidate"},
                "spec": spec | {"scope": {"nodes": {"matchLabels": {LABEL: "true"}}}},
            }
        )
        eventually(
            lambda: [
                event
                for event in scenario.events(name="consolidate", reason="NotPlanned")
                if all(phase(plan) in {"Completed", "Stale"} for plan in scenario.plans())
            ],
            within_s=LIMIT_S,
            what="restow plans no more",
            until=bool,
        )
        scenario.wait_running(start.pods, within_s=LIMIT_S)
    finally:
        operator.stop()


PEERS: Final[dict[str, Callable[[Scenario, LocalCluster, Start, int], None]]] = {
    "descheduler": by_descheduler,
    "restow": by_restow,
}


@contextmanager
def cluster(config: Path | None) -> Iterator[tuple[Scenario, LocalCluster]]:
    """Run a local control plane with a namespace to play in."""
    packing = () if config is None else (f"--kube-scheduler-config={config}",)
    backend = LocalCluster((*PLAYED, *packing))
    try:
        backend.create()
        client = Client(backend.workdir / "kubeconfig")
        mirrors = Mirrors(client)
        try:
            yield Scenario(client, mirrors), backend
        finally:
            mirrors.close()
            client.close()
    finally:
        backend.delete()


def measure(peer: str, seed: int, chosen: argparse.Namespace, config: Path | None) -> Json:
    """Play one cluster to the end by one peer; return what came of it."""
    start = draw(chosen.nodes, seed)
    with cluster(config) as (scenario, backend):
        stage(scenario, start)
        before, watch, began = used(scenario), Watch(scenario, start), time.monotonic()
        try:
            PEERS[peer](scenario, backend, start, chosen.threshold)
        finally:
            watch.end()
        return {
            "peer": peer,
            "seed": seed,
            "packing": config is not None,
            "nodes": chosen.nodes,
            "pods": start.pods,
            "used_before": before,
            "used_after": used(scenario),
            "least": least(start),
            "evictions": len(watch.gone),
            "beyond_budget": max(0, watch.missing - ALLOWED),
            "seconds": round(time.monotonic() - began, 1),
        }


def least(start: Start) -> int:
    """Return how many nodes the pods need at least, by their cores."""
    cores = sum(SIZES[app] * n for counts in start.there.values() for app, n in counts.items())
    return -(-cores // CORES)


def main() -> int:
    """Measure what the arguments ask for; return 0."""
    parser = argparse.ArgumentParser(prog="benchmarks.descheduler", description=__doc__)
    parser.add_argument("--nodes", type=int, default=24)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--peers", nargs="+", choices=sorted(PEERS), default=sorted(PEERS))
    parser.add_argument("--threshold", type=int, default=50, help="HighNodeUtilization's, of CPU")
    parser.add_argument("--packing", action="store_true", help="kube-scheduler packs")
    chosen = parser.parse_args()
    config = None
    if chosen.packing:
        config = Path(descheduler()).with_name("packing.yaml")
        config.write_text(PACKING)
    for seed in chosen.seeds:
        for peer in chosen.peers:
            print(json.dumps(measure(peer, seed, chosen, config)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
