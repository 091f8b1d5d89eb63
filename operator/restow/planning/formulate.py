"""From a Snapshot to a packing Problem: who is to be placed, who may move, who is fixed load."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts, total
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.reasons import Refusal
from restow.packing.problem import Order, PodClass, Problem
from restow.planning.formulation import Formulation, Members, Usage
from restow.planning.judge import Judge
from restow.planning.ports import PortNames, port_names
from restow.planning.waiting import Waiting, waiting
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Limits
from restow.rules.registry import feasible
from restow.rules.wishes import Wishes, distinct_complaints

NO_PROBLEM = Problem(resources=(), capacity=(), tiers=(), classes=())


def formulate(  # noqa: PLR0913 - by name, all but three with defaults
    snapshot: Snapshot,
    policy: Policy,
    now: datetime,
    *,
    usage: Usage = Usage(),  # noqa: B008 - frozen
    others: Iterable[Policy] = (),
    order: Order = Order.RESTOW,
) -> Formulation:
    """Return the problem of placing the policy's pending pods, and what its indices mean.

    With nothing to place the problem is empty. Equal snapshots give equal formulations.
    """
    judge = Judge(snapshot=snapshot, policy=policy, now=now, others=tuple(others))
    candidates = [pod for pod in _sorted(snapshot) if judge.not_pending(pod) is None]
    wishes = {pod.uid: judge.wishes(pod) for pod in candidates}
    if not candidates:
        return Formulation(problem=NO_PROBLEM, unmodelled={}, fixed={}, wishes={})
    soon = waiting(judge, candidates)
    pending = [pod for pod in candidates if pod.uid not in soon.pods]
    complaints = distinct_complaints(wishes.values())
    if not pending:
        return Formulation(
            problem=NO_PROBLEM,
            waiting=soon.unplaced,
            unmodelled={},
            fixed={},
            wishes=wishes,
            complaints=complaints,
        )
    draft = _Draft(judge=judge, pending=pending, soon=soon, wishes=wishes)
    draft.sort_running()
    formulation = draft.finish(order, _limits(policy.spec.limits, usage))
    return replace(formulation, complaints=distinct_complaints(draft.wishes.values()))


def _sorted(snapshot: Snapshot) -> list[Pod]:
    return [snapshot.pods[key] for key in sorted(snapshot.pods)]


def _limits(limits: Limits, usage: Usage) -> tuple[int, int]:
    """Return what one plan may move and evict: its own limit or what is left of the hour."""
    return (
        min(limits.moves_per_plan, max(0, limits.moves_per_hour - usage.moves)),
        min(limits.evictions_per_plan, max(0, limits.evictions_per_hour - usage.evictions)),
    )


def _missable(snapshot: Snapshot, pods: Iterable[Pod]) -> dict[Uid, int]:
    """Return, per controller of the pods, how many may be missing: as the topmost known says."""
    found: dict[Uid, int] = {}
    for uid in sorted({pod.owner.uid for pod in pods if pod.owner is not None}):
        workload = snapshot.workloads.get(uid)
        above = workload.owner if workload is not None else None
        top = snapshot.workloads.get(above.uid, workload) if above is not None else workload
        found[uid] = 1 if top is None else top.max_unavailable
    return found


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A formulation in the making."""

    judge: Judge
    pending: list[Pod]
    soon: Waiting
    wishes: dict[Uid, Wishes]
    movable: list[Pod] = field(default_factory=list)
    fixed: dict[Uid, Refusal] = field(default_factory=dict)
    fixed_on: dict[NodeName, list[Pod]] = field(default_factory=dict)

    def sort_running(self) -> None:
        """Tell the pods that may move from those that are fixed load."""
        for node in self.judge.covered():
            self.fixed_on[node.name] = []
            for pod in self.judge.snapshot.pods_by_node[node.name]:
                asked = self.judge.wishes(pod)
                no = self.judge.why_fixed(pod, asked)
                if no is None:
                    self.movable.append(pod)
                    self.wishes[pod.uid] = asked
                else:
                    self.fixed[pod.uid] = no
                    self.fixed_on[node.name].append(pod)
        self.movable.sort(key=lambda pod: pod.key)

    def finish(self, order: Order, limits: tuple[int, int]) -> Formulation:
        """Return the formulation."""
        nodes = tuple(node.name for node in self.judge.covered())
        index_of = {name: index for index, name in enumerate(nodes)}
        pods = [*self.pending, *self.movable]
        ports = port_names(pods, self.judge.snapshot.pods.values())
        need = {pod.uid: pod.requests + ports.amounts(pod) for pod in pods}
        resources = tuple(sorted({name for amounts in need.values() for name in amounts}))
        budgets = sorted({b.key for pod in self.movable if (b := self.judge.budgets.drawn_on(pod))})
        grouping = _Grouping(
            judge=self.judge,
            tiers=sorted({self.wishes[pod.uid].priority for pod in pods}, reverse=True),
            wishes=self.wishes,
            index_of=index_of,
            allowed=feasible(pods, self.judge.targets()),
            demand={uid: tuple(each.of(n) for n in resources) for uid, each in need.items()},
            budgets=budgets,
            rivals=[pod for pod in self.pending if pod.preempts],
        )
        classes, members = grouping.group(self.pending, self.movable)
        return Formulation(
            problem=Problem(
                resources=resources,
                capacity=self._capacity(nodes, resources, ports),
                tiers=tuple(grouping.tiers),
                classes=classes,
                budgets=tuple(self._allowed(key) for key in budgets),
                max_moves=limits[0],
                max_evictions=limits[1],
                order=order,
            ),
            nodes=nodes,
            members=members,
            budgets=tuple(budgets),
            missable=_missable(self.judge.snapshot, self.movable),
            waiting=self.soon.unplaced,
            unmodelled={
                pod.uid: no for pod in self.pending if (no := self.judge.terms.refuse(pod))
            },
            fixed=self.fixed,
            wishes=self.wishes,
        )

    def _allowed(self, key: ObjectKey) -> int:
        budget = self.judge.snapshot.budgets[key]
        return budget.disruptions_allowed if budget.observed else 0

    def _capacity(
        self, nodes: tuple[NodeName, ...], resources: tuple[str, ...], ports: PortNames
    ) -> tuple[tuple[int, ...], ...]:
        one_each = Amounts({name: 1 for name in resources if name.startswith("hostPort ")})
        ours = {pod.uid for pod in self.pending}
        least = min(pod.priority for pod in self.pending)
        held = {
            name: [
                pod
                for pod in nominated
                if pod.uid not in ours and pod.uid not in self.soon.pods and pod.priority >= least
            ]
            for name, nominated in self.judge.snapshot.nominated.items()
        }

        def load(pods: Iterable[Pod]) -> Amounts:
            return total(pod.requests + ports.amounts(pod) for pod in pods)

        rows = []
        for name in nodes:
            room = self.judge.snapshot.nodes[name].allocatable + one_each
            fixed = [*self.fixed_on[name], *held.get(name, ())]
            staying = [pod for pod in fixed if not pod.deleting]
            now = room - load(fixed)
            later = room - load([*staying, *self.soon.on.get(name, ())])
            rows.append(tuple(max(0, min(now.of(n), later.of(n))) for n in resources))
        return tuple(rows)


@dataclass(slots=True, kw_only=True)
class _Grouping:
    """Groups pods that are interchangeable for placement."""

    judge: Judge
    tiers: list[int]
    wishes: Mapping[Uid, Wishes]
    index_of: Mapping[NodeName, int]
    allowed: Mapping[ObjectKey, tuple[NodeName, ...]]
    demand: Mapping[Uid, tuple[int, ...]]
    budgets: list[ObjectKey]
    rivals: list[Pod]
    _groups: dict[tuple[str, int], int] = field(default_factory=dict)

    def group(
        self, pending: list[Pod], movable: list[Pod]
    ) -> tuple[tuple[PodClass, ...], tuple[Members, ...]]:
        """Return the classes, highest tier first, and their pods."""
        self._number_groups([*pending, *movable])
        grouped: dict[tuple[PodClass, bool], list[Pod]] = {}
        for pod in pending:
            extra = bool(self.judge.terms.refuse(pod))
            grouped.setdefault((self._class(pod, running=False), extra), []).append(pod)
        for pod in movable:
            grouped.setdefault((self._class(pod, running=True), False), []).append(pod)
        built = [self._fill(shape, pods) for (shape, _), pods in grouped.items()]
        built.sort(key=lambda each: each[0].tier)
        return tuple(each for each, _ in built), tuple(each for _, each in built)

    def _number_groups(self, pods: list[Pod]) -> None:
        """Give a group to each namespace in which ranks differ within a tier; others share one."""
        ranks: dict[tuple[str, int], set[int]] = {}
        for pod in pods:
            asked = self.wishes[pod.uid]
            ranks.setdefault((pod.key.namespace, asked.priority), set()).add(asked.rank)
        for each, found in sorted(ranks.items()):
            if len(found) > 1:
                self._groups[each] = 1 + len(self._groups)

    def _class(self, pod: Pod, *, running: bool) -> PodClass:
        asked = self.wishes[pod.uid]
        group = self._groups.get((pod.key.namespace, asked.priority), 0)
        budget = self.judge.budgets.drawn_on(pod) if running else None
        return PodClass(
            demand=self.demand[pod.uid],
            tier=self.tiers.index(asked.priority),
            group=group,
            rank=asked.rank if group else 0,
            allowed=tuple(self.index_of[name] for name in self.allowed[pod.key]),
            movable=running,
            evictable=running and self._evictable(pod),
            move_cost=asked.move_cost if running else 1,
            preempts=pod.preempts,
            budgets=(self.budgets.index(budget.key),) if budget else (),
        )

    def _evictable(self, pod: Pod) -> bool:
        """Whether some pending pod may push this one out, and none that could not then stay.

        kube-scheduler goes by the priority in the spec alone: a pod placed by its annotation in the
        room of one with a higher spec priority would be preempted by that one's replacement.
        """
        asked = self.wishes[pod.uid]
        above = [rival for rival in self.rivals if self._outranks(rival, pod, asked)]
        return bool(above) and all(rival.priority >= pod.priority for rival in above)

    def _outranks(self, rival: Pod, pod: Pod, asked: Wishes) -> bool:
        wanted = self.wishes[rival.uid]
        if wanted.priority != asked.priority:
            return wanted.priority > asked.priority
        return rival.key.namespace == pod.key.namespace and wanted.rank > asked.rank

    def _fill(self, shape: PodClass, pods: list[Pod]) -> tuple[PodClass, Members]:
        if not shape.movable:
            ordered = sorted(pods, key=lambda pod: (pod.created_at, pod.key))
            return replace(shape, pending=len(pods)), Members(pending=tuple(ordered))
        by_node: dict[int, list[Pod]] = {}
        for pod in pods:
            if pod.node is not None:
                by_node.setdefault(self.index_of[pod.node], []).append(pod)
        running = tuple(
            (node, tuple(sorted(by_node[node], key=_gives_way))) for node in sorted(by_node)
        )
        counts = tuple((node, len(each)) for node, each in running)
        return replace(shape, running=counts), Members(running=running)


def _gives_way(pod: Pod) -> tuple[bool, float, ObjectKey]:
    """Order in which interchangeable pods are disturbed: unready first, then the youngest."""
    return pod.ready, -(pod.started_at or pod.created_at).timestamp(), pod.key
