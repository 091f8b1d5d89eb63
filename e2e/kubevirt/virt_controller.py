"""Stands in for KubeVirt's virt-controller and virt-handler: machines start, and migrate.

It follows `pkg/virt-controller/watch/migration/migration.go` of v1.6 in what others see: one step
of each migration per turn, Pending (while KubeVirt's limits are reached), Scheduling (its pod waits
for kube-scheduler), Scheduled, PreparingTarget, TargetReady, Running, and Succeeded or Failed. The
source's pod is Succeeded afterwards, the target's is deleted when a migration fails or is deleted.
"""

import threading
import time
from datetime import UTC, datetime
from typing import Final

import urllib3

from e2e.client import ApiError, Client, Json
from e2e.kubevirt.manifests import BEHAVIOUR, CREATED_BY, JOB, budget, launcher
from e2e.mirror import Mirrors
from e2e.scenario import is_running, node_of

TURN_S: Final = 0.1
MACHINES: Final = "VirtualMachineInstance"
MIGRATIONS: Final = "VirtualMachineInstanceMigration"
FINALIZER: Final = "kubevirt.io/migrationJobFinalize"
FINAL: Final = ("Succeeded", "Failed")
HANDED: Final = {
    "Scheduled": "PreparingTarget",
    "PreparingTarget": "TargetReady",
    "TargetReady": "Running",
}


class VirtController:
    """Plays the machines of one namespace, until it is closed.

    Parameters
    ----------
    copy_s
        How long a migration is Running.
    """

    def __init__(
        self, client: Client, mirrors: Mirrors, namespace: str, *, copy_s: float = 1.0
    ) -> None:
        self.copy_s = copy_s
        self.most_at_once = 0
        self._client, self._mirrors, self._namespace = client, mirrors, namespace
        self._started: dict[str, float] = {}
        self._launched: set[str] = set()
        self._written: dict[str, Json] = {}
        self._stop = threading.Event()
        for kind in (MACHINES, MIGRATIONS, "KubeVirt", "Pod"):
            mirrors[kind]
        self._thread = threading.Thread(target=self._run, name="virt-controller", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop playing."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(TURN_S):
            try:
                self._turn()
            except (ApiError, urllib3.exceptions.HTTPError, OSError):
                continue  # what was read is older than what was written; the next turn sees it

    def _turn(self) -> None:
        for machine in self._all(MACHINES):
            if "deletionTimestamp" not in machine["metadata"]:
                self._run_machine(machine)
        machines = {each["metadata"]["name"]: each for each in self._all(MACHINES)}
        for migration in sorted(self._all(MIGRATIONS), key=lambda m: str(m["metadata"]["uid"])):
            its = machines.get(migration["spec"]["vmiName"])
            if its is not None:
                self._migrate(migration, its)

    # machines

    def _run_machine(self, machine: Json) -> None:
        meta, status = machine["metadata"], machine.get("status", {})
        if meta["uid"] not in self._launched:
            self._launched.add(meta["uid"])
            self._client.create(launcher(machine))
            self._client.create(budget(machine))
        if status.get("phase"):
            return
        pod = next((pod for pod in self._pods_of(machine) if is_running(pod)), None)
        if pod is None:
            return
        why = meta.get("annotations", {}).get("e2e.restow.dev/not-migratable")
        says = {"type": "LiveMigratable", "status": "False" if why else "True", "reason": why or ""}
        self._patch(
            machine,
            {
                "metadata": {"labels": {"kubevirt.io/nodeName": node_of(pod)}},
                "status": {"phase": "Running", "nodeName": node_of(pod), "conditions": [says]},
            },
        )

    # migrations

    def _migrate(self, migration: Json, machine: Json) -> None:
        meta = migration["metadata"]
        phase = phase_of(migration)
        if "deletionTimestamp" in meta:
            self._call_off(migration, machine)
            return
        if FINALIZER not in meta.get("finalizers", ()) and phase not in FINAL:
            self._write(MIGRATIONS, meta["name"], {"metadata": {"finalizers": [FINALIZER]}})
            return
        target = self._target(migration)
        match phase:
            case "":
                self._enter(migration, "Pending")
            case "Pending":
                self._schedule(migration, machine, target)
            case "Scheduling":
                if target is not None and node_of(target):
                    self._enter(migration, "Scheduled", machine=machine, target=target)
            case "Running":
                self._copy(migration, machine, target)
            case "Succeeded" | "Failed":
                self._let_go(migration)
            case _:
                if target is not None and is_running(target):
                    self._hand_on(migration, machine, target, HANDED[phase])

    def _schedule(self, migration: Json, machine: Json, target: Json | None) -> None:
        if target is not None:
            self._enter(migration, "Scheduling", machine=machine)
            return
        if migration["metadata"]["uid"] in self._launched:
            return  # it is there, and not seen yet
        active = [each for each in self._all(MIGRATIONS) if self._is_active(each)]
        node = machine["status"]["nodeName"]
        away = [each for each in active if source_of(each) == node]
        parallel, outbound = self._limits()
        if len(active) < parallel and len(away) < outbound:
            self._launched.add(migration["metadata"]["uid"])
            self._client.create(launcher(machine, migration=migration))
            self._enter(migration, "Scheduling", machine=machine)
            self.most_at_once = max(self.most_at_once, len(active) + 1)

    def _hand_on(self, migration: Json, machine: Json, target: Json, phase: str) -> None:
        if phase == "PreparingTarget":
            state = self._state(migration, machine, target)
            labels = {"kubevirt.io/migrationTargetNodeName": node_of(target)}
            body = {"metadata": {"labels": labels}, "status": {"migrationState": state}}
            self._patch(machine, body)
        if phase == "Running":
            self._started[migration["metadata"]["uid"]] = time.monotonic()
        self._enter(migration, phase, machine=machine, target=target)

    def _copy(self, migration: Json, machine: Json, target: Json | None) -> None:
        began = self._started.setdefault(migration["metadata"]["uid"], time.monotonic())
        behaviour = machine["metadata"].get("annotations", {}).get(BEHAVIOUR, "")
        if time.monotonic() - began < self.copy_s or behaviour == "hangs":
            return
        if behaviour == "fails" or target is None:
            self._fail(migration, machine, "Live migration failed: the test has it so")
            return
        source = next(
            (p for p in self._pods_of(machine) if p is not target and is_running(p)), None
        )
        self._patch(
            machine,
            {
                "metadata": {
                    "labels": {
                        "kubevirt.io/nodeName": node_of(target),
                        "kubevirt.io/migrationTargetNodeName": None,
                    }
                },
                "status": {
                    "nodeName": node_of(target),
                    "migrationState": {"completed": True, "endTimestamp": now()},
                },
            },
        )
        self._enter(migration, "Succeeded", machine=machine, target=target)
        if source is not None:
            name = source["metadata"]["name"]
            body = {"status": {"phase": "Succeeded"}}
            self._client.patch("Pod", name, body, namespace=self._namespace, part="status")

    def _call_off(self, migration: Json, machine: Json) -> None:
        """Whoever deletes a migration that has not ended calls it off."""
        if phase_of(migration) not in FINAL:
            self._fail(migration, machine, "Live migration is aborted")
        self._let_go(migration)

    def _fail(self, migration: Json, machine: Json, why: str) -> None:
        state = machine.get("status", {}).get("migrationState") or {}
        if state.get("migrationUid") == migration["metadata"]["uid"]:
            ended = {"failed": True, "completed": True, "failureReason": why, "endTimestamp": now()}
            labels = {"kubevirt.io/migrationTargetNodeName": None}
            body = {"metadata": {"labels": labels}, "status": {"migrationState": ended}}
            self._patch(machine, body)
        target = self._target(migration)
        if target is not None:
            name = target["metadata"]["name"]
            self._client.delete("Pod", name, namespace=self._namespace, grace_s=0)
        self._enter(migration, "Failed", machine=machine, failure=why)

    def _enter(
        self,
        migration: Json,
        phase: str,
        *,
        machine: Json | None = None,
        target: Json | None = None,
        failure: str = "",
    ) -> None:
        known = migration.get("status", {}).get("phaseTransitionTimestamps", [])
        state = dict(migration.get("status", {}).get("migrationState") or {})
        if machine is not None and "sourceNode" not in state:
            state["sourceNode"] = machine["status"]["nodeName"]
        if target is not None:
            state |= {"targetNode": node_of(target), "targetPod": target["metadata"]["name"]}
        if failure:
            state["failureReason"] = failure
        moment = {"phase": phase, "phaseTransitionTimestamp": now()}
        status = {
            "phase": phase,
            "phaseTransitionTimestamps": [*known, moment],
            "migrationState": state,
        }
        self._write(MIGRATIONS, migration["metadata"]["name"], {"status": status}, part="status")

    def _let_go(self, migration: Json) -> None:
        meta = migration["metadata"]
        if FINALIZER in meta.get("finalizers", ()):
            self._write(MIGRATIONS, meta["name"], {"metadata": {"finalizers": None}})

    def _state(self, migration: Json, machine: Json, target: Json) -> Json:
        return {
            "migrationUid": migration["metadata"]["uid"],
            "sourceNode": machine["status"]["nodeName"],
            "targetNode": node_of(target),
            "targetPod": target["metadata"]["name"],
            "startTimestamp": now(),
            "completed": None,
            "failed": None,
            "failureReason": None,
            "endTimestamp": None,
        }

    def _limits(self) -> tuple[int, int]:
        (kubevirt,) = self._all("KubeVirt")
        asked = kubevirt["spec"].get("configuration", {}).get("migrations", {})
        return (
            asked.get("parallelMigrationsPerCluster", 5),
            asked.get("parallelOutboundMigrationsPerNode", 2),
        )

    def _is_active(self, migration: Json) -> bool:
        return phase_of(migration) not in (*FINAL, "", "Pending") or (
            phase_of(migration) == "Pending" and self._target(migration) is not None
        )

    def _target(self, migration: Json) -> Json | None:
        uid = migration["metadata"]["uid"]
        return next(
            (pod for pod in self._all("Pod") if pod["metadata"].get("labels", {}).get(JOB) == uid),
            None,
        )

    def _pods_of(self, machine: Json) -> list[Json]:
        uid = machine["metadata"]["uid"]
        pods = self._all("Pod")
        return [pod for pod in pods if pod["metadata"].get("labels", {}).get(CREATED_BY) == uid]

    def _all(self, kind: str) -> list[Json]:
        """Return the objects of the namespace, as seen or as last written, whichever is newer."""
        found = []
        for seen in self._mirrors[kind].all():
            if seen["metadata"].get("namespace") == self._namespace:
                written = self._written.get(seen["metadata"]["uid"], seen)
                found.append(max(seen, written, key=version))
        return found

    def _patch(self, machine: Json, body: Json) -> None:
        self._write(MACHINES, machine["metadata"]["name"], body)

    def _write(self, kind: str, name: str, body: Json, *, part: str = "") -> None:
        written = self._client.patch(kind, name, body, namespace=self._namespace, part=part)
        self._written[written["metadata"]["uid"]] = written


def phase_of(item: Json) -> str:
    """Return the phase of a machine or a migration, empty before it has one."""
    return str(item.get("status", {}).get("phase") or "")


def version(item: Json) -> int:
    """Return the resource version; etcd's revisions, which are numbers."""
    return int(item["metadata"]["resourceVersion"])


def source_of(migration: Json) -> str:
    """Return the node that a migration leaves, empty before that is known."""
    state = migration.get("status", {}).get("migrationState") or {}
    return str(state.get("sourceNode") or "")


def now() -> str:
    """Return the time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
