"""A small cluster in memory that performs acts: API server, controllers and kube-scheduler in one.

Time stands still between calls of `tick`. What the real parts do in parallel happens here one after
the other: pods that terminate go, budgets are counted, owners replace what is missing, pending pods
are bound by priority, nominated node first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from restow.cluster.objects import OwnerRef, Phase, Pod, Workload
from restow.cluster.selectors import matches
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Labels
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.core.marks import GATE, PLAN
from restow.planning.room import why_no_room
from restow.rules.board import Board
from restow.rules.machines import is_launcher
from restow.rules.survey import Survey
from restow.simulation.machines import Machines
from restow.simulation.preemption import opens, victims


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the simulated parts behave.

    Parameters
    ----------
    leave_s
        Time that a pod takes to terminate, by uid of its owner; `leave_default_s` for others.
    ready_s
        Time from being bound to being ready.
    gates
        Whether the API server knows the admission policy.
    forgets
        Whether a failed scheduling cycle clears the nomination of a pod, by key of the pod.
    preempts
        Whether kube-scheduler preempts.
    copy_s, fails
        How long a live migration copies memory, and whether it fails then, by the machine's key.
    choose
        Picks one of several pods that kube-scheduler may take up next, or of several nodes that it
        may bind a pod to: their order is its own business. The first one by default.
    """

    leave_s: Mapping[Uid, float] = field(default_factory=dict)
    leave_default_s: float = 0
    ready_s: float = 0.5
    gates: bool = True
    forgets: Callable[[ObjectKey], bool] = lambda _: False
    preempts: bool = False
    copy_s: float = 1.0
    fails: Callable[[ObjectKey], bool] = lambda _: False
    choose: Callable[[int], int] = lambda _: 0


@dataclass(slots=True)
class Cluster:
    """The simulated cluster; `now` is its clock.

    `evictions` lists the pods evicted so far, `breaches` what must never happen: nodes overfilled
    by a binding, budgets below their minimum.
    """

    base: Snapshot
    habits: Habits = field(default_factory=Habits)
    now: datetime = field(init=False)
    pods: dict[ObjectKey, Pod] = field(init=False)
    machines: Machines = field(init=False)
    armed: tuple[str, frozenset[Uid]] | None = None
    evictions: list[ObjectKey] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    _gone_at: dict[Uid, datetime] = field(default_factory=dict)
    _ready_at: dict[Uid, datetime] = field(default_factory=dict)
    _minimum: dict[ObjectKey, int] = field(default_factory=dict)
    _template: dict[Uid, Pod] = field(default_factory=dict)
    _untried: set[Uid] = field(default_factory=set)
    _preempted: set[Uid] = field(default_factory=set)
    _count: int = 0

    def __post_init__(self) -> None:
        self.now = self.base.taken_at
        self.pods = dict(self.base.pods)
        self.machines = Machines(
            base=self.base,
            put=self.put,
            remove=lambda pod: self.remove(pod.ref),
            pods=lambda: self.pods,
            copy_s=self.habits.copy_s,
            fails=self.habits.fails,
        )
        for pod in self.pods.values():
            if pod.owner is not None:
                self._template.setdefault(pod.owner.uid, pod)
            if pod.deleting:
                self._leave(pod)
        self._stir()
        for key, budget in self.base.budgets.items():
            self._minimum[key] = self.healthy(key) - budget.disruptions_allowed

    def snapshot(self) -> Snapshot:
        """Return the cluster as it is now."""
        budgets = {
            key: replace(budget, disruptions_allowed=max(0, self.slack(key)))
            for key, budget in self.base.budgets.items()
        }
        pods = {key: self.pods[key] for key in sorted(self.pods)}
        return replace(
            self.base,
            taken_at=self.now,
            pods=pods,
            budgets=budgets,
            machines=dict(sorted(self.machines.known.items())),
            migrations=dict(sorted(self.machines.migrations.items())),
        )

    def healthy(self, budget: ObjectKey) -> int:
        """Return the number of ready pods that the budget selects and that stay."""
        selector = self.base.budgets[budget].selector
        return sum(
            pod.ready and not pod.deleting and selector is not None
            for pod in self.pods.values()
            if pod.key.namespace == budget.namespace
            and selector is not None
            and matches(selector, pod.labels)
        )

    def slack(self, budget: ObjectKey) -> int:
        """Return how many disruptions the budget allows now; negative below its minimum."""
        return self.healthy(budget) - self._minimum[budget]

    def tick(self, seconds: float) -> None:
        """Let time pass, and every part do its work once."""
        self.now += timedelta(seconds=seconds)
        for pod in list(self.pods.values()):
            if pod.deleting and self._gone_at[pod.uid] <= self.now:
                del self.pods[pod.key]
                self._stir()
            elif pod.node and not pod.ready and self._ready_at.get(pod.uid, self.now) <= self.now:
                self.put(replace(pod, ready=True, phase=Phase.RUNNING))
        self._replace_missing()
        self.machines.tick(self.now)
        self.schedule()

    def put(self, pod: Pod) -> None:
        """Create the pod, or write its new state under a new resource version."""
        self._count += 1
        before = self.pods.get(pod.key)
        self.pods[pod.key] = replace(pod, resource_version=str(self._count))
        if before is None or (before.gates and not pod.gates):
            self._untried.add(pod.uid)
        elif before.node is None and (
            pod.node is not None or before.nominated_node not in {None, pod.nominated_node}
        ):
            self._stir()

    def bind(self, pod: Pod, node: NodeName) -> None:
        """Bind the pod without asking whether it fits; a node overfilled so is a breach."""
        no = why_no_room(Board(self.snapshot()), replace(pod, priority=2**31 - 1), node)
        if no is not None:
            self.breaches.append(f"{pod.key} bound to {node}: {no.message}")
        self._ready_at[pod.uid] = self.now + timedelta(seconds=self.habits.ready_s)
        self.put(replace(pod, node=node, nominated_node=None, unschedulable_since=None))

    def evict(self, pod: Pod) -> None:
        """Let the pod terminate; a budget pushed below its minimum is a breach."""
        self.evictions.append(pod.key)
        if is_launcher(pod):
            self.breaches.append(f"{pod.key} runs a virtual machine and was evicted")
        self.put(replace(pod, deleting=True))
        self._leave(pod)
        for key in self._minimum:
            selector = self.base.budgets[key].selector
            covers = selector is not None and matches(selector, pod.labels)
            if covers and key.namespace == pod.key.namespace and self.slack(key) < 0:
                self.breaches.append(f"budget {key} is below its minimum after {pod.key} left")

    def remove(self, ref: PodRef) -> bool:
        """Delete a pod at once; return whether it was there."""
        pod = self.pods.get(ref.key)
        if pod is None or pod.uid != ref.uid:
            return False
        del self.pods[ref.key]
        self._stir()
        return True

    def missing(self) -> tuple[Workload, ...]:
        """Return the workloads that do not have all their replicas, running or pending."""
        return tuple(
            each
            for each in self.base.workloads.values()
            if each.replicas is not None and len(self._living(each.uid)) != each.replicas
        )

    def _living(self, owner: Uid) -> list[Pod]:
        return [
            pod
            for pod in self.pods.values()
            if pod.owner is not None and pod.owner.uid == owner and not pod.deleting
        ]

    def _leave(self, pod: Pod) -> None:
        owner = pod.owner.uid if pod.owner is not None else Uid("")
        seconds = self.habits.leave_s.get(owner, self.habits.leave_default_s)
        self._gone_at[pod.uid] = self.now + timedelta(seconds=seconds)

    def _replace_missing(self) -> None:
        for workload in self.base.workloads.values():
            template = self._template.get(workload.uid)
            if workload.replicas is None or template is None or template.owner is None:
                continue
            for _ in range(workload.replicas - len(self._living(workload.uid))):
                key = self._free_name(workload)
                if key is not None:
                    self.put(self._new(template, template.owner, key))

    def _free_name(self, workload: Workload) -> ObjectKey | None:
        """Return the name of the next replica; None while a StatefulSet's old one terminates."""
        if workload.kind == "StatefulSet":
            names = (f"{workload.key.name}-{index}" for index in range(workload.replicas or 0))
            keys = [ObjectKey(workload.key.namespace, name) for name in names]
            return next((key for key in keys if key not in self.pods), None)
        self._count += 1
        return ObjectKey(workload.key.namespace, f"{workload.key.name}-r{self._count}")

    def _new(self, template: Pod, owner: OwnerRef, key: ObjectKey) -> Pod:
        self._count += 1
        plan, owners = self.armed or ("", frozenset())
        gated = owner.uid in owners
        kept = {name: text for name, text in template.annotations.items() if name != PLAN}
        return replace(
            template,
            key=key,
            uid=Uid(f"new-{self._count}"),
            annotations=Labels({**kept, PLAN: plan} if gated else kept),
            gates=(GATE,) if gated else (),
            created_at=self.now.replace(microsecond=0),
            node=None,
            nominated_node=None,
            phase=Phase.PENDING,
            ready=False,
            deleting=False,
            unschedulable_since=None,
            started_at=None,
        )

    def schedule(self) -> None:
        """Let kube-scheduler take up what an event has made worth trying, until nothing is.

        Highest priority first; of equals any. As upstream, whatever is bound or gone, and every
        nomination that is cleared or moved, has all waiting pods tried again.
        """
        while True:
            queue = [pod for pod in self.pods.values() if pod.uid in self._untried and _waits(pod)]
            if not queue:
                self._untried.clear()
                return
            top = max(pod.priority for pod in queue)
            first = sorted(
                (pod for pod in queue if pod.priority == top),
                key=lambda pod: (pod.created_at, pod.key),
            )
            self._try(first[self.habits.choose(len(first))])

    def _try(self, pod: Pod) -> None:
        self._untried.discard(pod.uid)
        node = self._fit(pod)
        if node is not None:
            self.bind(pod, node)
            return
        nominated = self._preempt(pod) if self.habits.preempts and pod.preempts else None
        if nominated is None and not self.habits.forgets(pod.key):
            nominated = pod.nominated_node
        since = pod.unschedulable_since or self.now
        if (nominated, since) != (pod.nominated_node, pod.unschedulable_since):
            self.put(replace(pod, nominated_node=nominated, unschedulable_since=since))
            self._untried.discard(pod.uid)

    def _preempt(self, pod: Pod) -> NodeName | None:
        """Delete lower priorities where that lets the pod in; return the node, None for none."""
        first = pod.nominated_node
        if first is not None and any(
            other.node == first and other.priority < pod.priority
            for other in self.pods.values()
            if other.uid in self._preempted
        ):
            return first  # upstream waits for the victims of before
        board = Board(self.snapshot())
        nodes = [name for name in sorted(board.nodes) if opens(board, pod, name)]
        if not nodes:
            return None
        node = nodes[self.habits.choose(len(nodes))]
        for victim in victims(board, pod, node):
            self._preempted.add(victim.uid)
            self.put(replace(victim, deleting=True))
            self._leave(victim)
        for other in [other for other in self.pods.values() if other.nominated_node == node]:
            if other.priority < pod.priority:
                self.put(replace(other, nominated_node=None))
        return node

    def _stir(self) -> None:
        """Have every waiting pod tried again."""
        self._untried.update(pod.uid for pod in self.pods.values() if _waits(pod))

    def _fit(self, pod: Pod) -> NodeName | None:
        snapshot = self.snapshot()
        survey = Survey.of(pod, Board(snapshot), nominated=snapshot.nominated)
        first = pod.nominated_node
        if first is not None and first in snapshot.nodes and survey.refusal(first) is None:
            return first
        nodes = survey.feasible()
        return nodes[self.habits.choose(len(nodes))] if nodes else None


def _waits(pod: Pod) -> bool:
    """Whether the pod is in kube-scheduler's queue."""
    return pod.node is None and not pod.gates and not pod.deleting
