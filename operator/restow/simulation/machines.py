"""KubeVirt in the simulated cluster: migrations of virtual machines, as virt-controller does them.

A migration waits for KubeVirt's limits, then has a pod on its target that kube-scheduler binds,
copies memory for a while, and hands over: the old pod goes. One that fails leaves all as it was.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from restow.cluster.machines import JOB, Machine, MachineMigration
from restow.cluster.objects import Phase, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Labels
from restow.core.ids import ObjectKey, Uid
from restow.planning.acts import Migrate
from restow.rules import machines
from restow.rules.machines import HOSTNAME


@dataclass(slots=True, kw_only=True)
class Machines:
    """The machines and migrations of a simulated cluster.

    Parameters
    ----------
    put, remove, pods
        How pods are written, deleted and read.
    copy_s
        How long a migration copies memory.
    fails
        Whether the migration of a machine fails once it copies, by the machine's key.
    """

    base: Snapshot
    put: Callable[[Pod], None]
    remove: Callable[[Pod], object]
    pods: Callable[[], dict[ObjectKey, Pod]]
    copy_s: float = 1.0
    fails: Callable[[ObjectKey], bool] = lambda _: False
    known: dict[ObjectKey, Machine] = field(init=False)
    migrations: dict[ObjectKey, MachineMigration] = field(init=False)

    def __post_init__(self) -> None:
        self.known = dict(self.base.machines)
        self.migrations = dict(self.base.migrations)

    def create(self, act: Migrate, now: datetime) -> None:
        """Take in a migration; one of the name that is there already stays as it is."""
        key = ObjectKey(act.pod.key.namespace, act.name)
        self.migrations.setdefault(
            key,
            MachineMigration(
                key=key,
                uid=Uid(f"uid-{key}"),
                machine=act.vmi,
                plan=act.plan,
                node_selector=Labels({HOSTNAME: act.hostname}),
                created_at=now,
            ),
        )

    def cancel(self, key: ObjectKey) -> None:
        """Call a migration off: its pod goes, the machine stays."""
        found = self.migrations.pop(key, None)
        if found is not None and not found.over:
            self._drop_target(found)

    def tick(self, now: datetime) -> None:
        """Let every migration take its next step."""
        for key in sorted(self.migrations):
            found = self.migrations[key]
            if not found.over:
                self._step(found, now)

    def _step(self, found: MachineMigration, now: datetime) -> None:
        machine = self.known[ObjectKey(found.key.namespace, found.machine)]
        target = self._target(found)
        if target is None:
            if found.phase in {"", "Pending"} and self._free(machine):
                self._launch(found, machine, now)
            return
        if target.node is None:
            return
        if found.phase != "Running":
            self.migrations[found.key] = replace(found, phase="Running", since=now)
        elif now - (found.since or now) >= timedelta(seconds=self.copy_s):
            self._end(found, machine, target, now)

    def _free(self, machine: Machine) -> bool:
        limits = machines.kubevirt(self.base)
        active = [each for each in self.migrations.values() if self._target(each) is not None]
        active = [each for each in active if not each.over]
        away = sum(each.source == machine.node for each in active)
        return limits is None or (len(active) < limits.parallel and away < limits.outbound)

    def _launch(self, found: MachineMigration, machine: Machine, now: datetime) -> None:
        launcher = next(self._launchers(machine))
        node = self.base.nodes.get(launcher.node) if launcher.node is not None else None
        pod = machines.target_pod(launcher, machine, node)
        self.put(
            replace(
                pod,
                key=ObjectKey(pod.key.namespace, f"{machine.key.name}-{found.key.name}"),
                uid=Uid(f"target of {found.uid}"),
                labels=Labels({**pod.labels, JOB: found.uid}),
                node_selector=Labels({**found.node_selector, **pod.node_selector}),
                created_at=now.replace(microsecond=0),
                phase=Phase.PENDING,
            )
        )
        self.migrations[found.key] = replace(
            found, phase="Scheduling", since=now, source=machine.node or ""
        )

    def _end(self, found: MachineMigration, machine: Machine, target: Pod, now: datetime) -> None:
        if self.fails(machine.key):
            self._drop_target(found)
            self.migrations[found.key] = replace(
                found, phase="Failed", since=now, failure="as the test has it"
            )
            return
        for launcher in list(self._launchers(machine)):
            self.remove(launcher)
        self.known[machine.key] = replace(machine, node=target.node)
        self.migrations[found.key] = replace(found, phase="Succeeded", since=now)

    def _launchers(self, machine: Machine) -> Iterator[Pod]:
        """Yield the pod in which the machine runs."""
        for pod in self.pods().values():
            owned = pod.owner is not None and pod.owner.uid == machine.uid
            if owned and pod.node == machine.node:
                yield pod

    def _target(self, found: MachineMigration) -> Pod | None:
        return next((p for p in self.pods().values() if p.labels.get(JOB) == found.uid), None)

    def _drop_target(self, found: MachineMigration) -> None:
        target = self._target(found)
        if target is not None:
            self.remove(target)
