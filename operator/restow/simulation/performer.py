"""Acts performed on the simulated cluster, with the answers of a real API server."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from restow.cluster.objects import Pod
from restow.core.frozen import Amounts, Labels
from restow.core.ids import ObjectKey, PodRef, Uid
from restow.core.marks import GATE, HOLD, PLAN
from restow.planning.acts import (
    Act,
    ActResult,
    ActStatus,
    Arm,
    Bind,
    CancelMigration,
    Disarm,
    Evict,
    Migrate,
    Nominate,
    ProveGate,
    Release,
    Reserve,
    Unreserve,
    Withdraw,
)
from restow.rules.moving.budgets import BudgetIndex
from restow.simulation.cluster import Cluster

DONE = ActResult(status=ActStatus.DONE)
GONE = ActResult(status=ActStatus.GONE, message="not found")

Fault = Callable[[Act], ActResult | None]
"""Answers in the place of the API server, or None to let the act through."""


@dataclass(slots=True)
class Performer:
    """Performs acts on a Cluster."""

    cluster: Cluster
    fault: Fault = lambda _: None

    def perform(self, act: Act) -> ActResult:
        """Perform one act and return the answer."""
        answer = self.fault(act)
        if answer is not None:
            return answer
        match act:
            case Arm() | ProveGate() | Disarm():
                return self._gate(act)
            case Reserve():
                self._reserve(act)
                return DONE
            case Migrate() | CancelMigration():
                return self._on_machine(act)
            case Unreserve():
                return DONE if self.cluster.remove(act.pod) else GONE
            case _:
                pod = self._pod(act.pod)
                return GONE if pod is None else self._on_pod(act, pod)

    def _pod(self, ref: PodRef) -> Pod | None:
        pod = self.cluster.pods.get(ref.key)
        return pod if pod is not None and pod.uid == ref.uid else None

    def _gate(self, act: Arm | ProveGate | Disarm) -> ActResult:
        if isinstance(act, Disarm):
            self.cluster.armed = None
            return DONE
        if not self.cluster.habits.gates:
            return ActResult(status=ActStatus.UNAVAILABLE, message="no such policy")
        if isinstance(act, Arm):
            self.cluster.armed = (act.plan, act.owners)
            return DONE
        armed = self.cluster.armed[1] if self.cluster.armed else frozenset()
        if all(owner.uid in armed for owner in act.owners):
            return DONE
        return ActResult(status=ActStatus.UNAVAILABLE, message="the pod was not gated")

    def _on_machine(self, act: Migrate | CancelMigration) -> ActResult:
        if isinstance(act, Migrate):
            self.cluster.machines.create(act, self.cluster.now)
        else:
            self.cluster.machines.cancel(act.migration)
        return DONE

    def _reserve(self, act: Reserve) -> None:
        """Create the placeholder, or nominate it again."""
        wanted = act.placeholder
        name = f"{act.plan}-{hash(wanted) & 0xFFFFFF:x}"
        key = ObjectKey("restow-system", name)
        there = self.cluster.pods.get(key)
        pod = there or Pod(
            key=key,
            uid=Uid(f"{name}-{self.cluster.now.timestamp()}"),
            created_at=self.cluster.now.replace(microsecond=0),
            annotations=Labels({PLAN: act.plan}),
            gates=(HOLD,),
            priority=wanted.priority,
            requests=wanted.requests + Amounts({"pods": 1}),
            host_ports=wanted.host_ports,
        )
        self.cluster.put(replace(pod, nominated_node=wanted.node))

    def _on_pod(self, act: Nominate | Withdraw | Release | Evict | Bind, pod: Pod) -> ActResult:
        match act:
            case Nominate():
                if pod.node is not None:
                    return ActResult(status=ActStatus.REFUSED, message="the pod is bound")
                marks = Labels({**pod.annotations, PLAN: act.plan})
                self.cluster.put(replace(pod, nominated_node=act.node, annotations=marks))
            case Withdraw():
                marks = Labels({k: v for k, v in pod.annotations.items() if k != PLAN})
                self.cluster.put(replace(pod, nominated_node=None, annotations=marks))
            case Release():
                gates = tuple(gate for gate in pod.gates if gate != GATE)
                self.cluster.put(replace(pod, gates=gates))
            case Evict():
                return self._evict(act, pod)
            case Bind():
                return self._bind(act, pod)
        return DONE

    def _evict(self, act: Evict, pod: Pod) -> ActResult:
        if pod.deleting:
            return DONE
        if act.resource_version != pod.resource_version:
            return ActResult(status=ActStatus.CONFLICT, message="the object has been modified")
        matching = BudgetIndex.of(self.cluster.snapshot()).matching(pod)
        if len(matching) > 1:
            return ActResult(status=ActStatus.REFUSED, message="several budgets")
        if matching and pod.ready and self.cluster.slack(matching[0].key) < 1:
            return ActResult(status=ActStatus.BUDGET, message=f"{matching[0].key} is used up")
        self.cluster.evict(pod)
        return DONE

    def _bind(self, act: Bind, pod: Pod) -> ActResult:
        if pod.node is not None:
            same = pod.node == act.node
            return DONE if same else ActResult(status=ActStatus.CONFLICT, message="bound")
        if pod.gates or pod.deleting:
            return ActResult(status=ActStatus.REFUSED, message="gated or deleting")
        self.cluster.bind(pod, act.node)
        return DONE
