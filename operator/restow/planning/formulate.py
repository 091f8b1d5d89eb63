"""From a Snapshot to a packing Problem: who is to be placed, who may move, who is fixed load."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter

from restow.cluster.objects import Pod, by_key
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts, total
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.reasons import Refusal
from restow.packing.problem import Order, Problem
from restow.planning.attaching import Attaching
from restow.planning.devices import Devices
from restow.planning.focus import focuses, started, suffices
from restow.planning.formulation import Formulation, MigrationLimits, Usage
from restow.planning.grouping import Grouping
from restow.planning.judge import Judge
from restow.planning.ports import PortNames, port_names
from restow.planning.recall import Asked, Recall, Selections
from restow.planning.relating.cast import Cast, Seat
from restow.planning.relating.related import related
from restow.planning.tenants import Alike, is_special
from restow.planning.waiting import Waiting, waiting
from restow.planning.zones import Zones
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Limits
from restow.rules import machines
from restow.rules.board import Board
from restow.rules.devices.demand import has_claims
from restow.rules.feasibility import feasible
from restow.rules.wishes import Wishes, distinct_complaints

LOWEST = -(2**31)
"""No pod has a lower priority."""

NO_PROBLEM = Problem(resources=(), capacity=(), tiers=(), classes=())


def formulate(  # noqa: PLR0913 - by name, all but three with defaults
    snapshot: Snapshot,
    policy: Policy,
    now: datetime,
    *,
    usage: Usage = Usage(),  # noqa: B008 - frozen
    others: Iterable[Policy] = (),
    order: Order = Order.RESTOW,
    staying: frozenset[Uid] = frozenset(),
    whole: bool = False,
    recall: Recall | None = None,
) -> Formulation:
    """Return the problem of placing the policy's pending pods, and what its indices mean.

    With nothing to place the problem is empty. Equal snapshots give equal formulations. `staying`
    are pods that are not to be moved although the rules let them. Of a large cluster only some
    nodes may be looked at (`planning.focus`), unless `whole`. With `recall` the formulation before
    is returned again where nothing that it rests on has changed.
    """
    judge = _judge(snapshot, policy, now, usage, others)
    candidates = [pod for pod in snapshot.unbound if judge.not_pending(pod) is None]
    wishes = {pod.uid: judge.wishes(pod) for pod in candidates}
    if not candidates:
        return Formulation(problem=NO_PROBLEM, fixed={}, wishes={})
    soon = waiting(judge, candidates)
    pending = [pod for pod in candidates if pod.uid not in soon.pods]
    if not pending:
        return Formulation(
            problem=NO_PROBLEM,
            waiting=soon.unplaced,
            fixed={},
            wishes=wishes,
            complaints=distinct_complaints(wishes.values()),
        )
    limits, recall = _limits(policy.spec.limits, usage), recall or Recall()
    for nodes in (None,) if whole else focuses(judge, pending):
        asked = Asked(
            judge=replace(judge, within=nodes),
            pending=tuple(pending),
            soon=soon,
            terms=(limits, order, staying, whole),
        )
        known = recall.of(asked)
        if known is not None:
            return known
        draft = _Draft(
            judge=asked.judge,
            recall=recall,
            pending=pending,
            soon=soon,
            wishes=dict(wishes),
            staying=staying,
            migrating=policy.spec.moving.machines,
        )
        draft.sort_running()
        found = draft.finish(order, limits)
        if nodes is None:
            break
        found = replace(found, problem=started(found.problem))
        if suffices(found.problem):
            break
    found = replace(
        found, whole=nodes is None, complaints=distinct_complaints(draft.wishes.values())
    )
    recall.keep(asked, found, draft.selections)
    return found


def _judge(
    snapshot: Snapshot, policy: Policy, now: datetime, usage: Usage, others: Iterable[Policy]
) -> Judge:
    return Judge(
        snapshot=snapshot,
        policy=policy,
        now=now,
        others=tuple(others),
        moved=usage.moved,
        workloads=usage.workloads,
    )


def standing(  # noqa: PLR0913 - by name, most with defaults
    snapshot: Snapshot,
    policy: Policy,
    now: datetime,
    *,
    usage: Usage = Usage(),  # noqa: B008 - frozen
    others: Iterable[Policy] = (),
    shapes: Iterable[Amounts] = (),
) -> Formulation:
    """Return the problem of the pods that run, with nobody to place: all that may move is in it.

    Parameters
    ----------
    shapes
        What there is to be room for: counted although no pod that may move asks for it.
    """
    judge = _judge(snapshot, policy, now, usage, others)
    draft = _Draft(
        judge=judge,
        recall=Recall(),
        pending=[],
        soon=waiting(judge, [pod for pod in snapshot.unbound if judge.not_pending(pod) is None]),
        wishes={},
        staying=frozenset(),
        shapes=tuple(shapes),
        migrating=True,
    )
    draft.sort_running()
    found = draft.finish(Order.RESTOW, _limits(policy.spec.limits, usage))
    return replace(found, complaints=distinct_complaints(draft.wishes.values()))


def _limits(limits: Limits, usage: Usage) -> tuple[int, int]:
    """Return what one plan may move and evict: its own limit or what is left of the hour."""
    return (
        usage.moves_left(limits),
        usage.evictions_left(limits),
    )


def _missable(snapshot: Snapshot, owners: Iterable[Uid]) -> dict[Uid, int]:
    """Return, per controller, how many of its pods may be missing: as the topmost known says."""
    found: dict[Uid, int] = {}
    for uid in sorted(owners):
        workload = snapshot.workloads.get(uid)
        above = workload.owner if workload is not None else None
        top = snapshot.workloads.get(above.uid, workload) if above is not None else workload
        found[uid] = 1 if top is None else top.max_unavailable
    return found


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A formulation in the making; `migrating`: virtual machines may migrate."""

    judge: Judge
    recall: Recall
    pending: list[Pod]
    soon: Waiting
    wishes: dict[Uid, Wishes]
    staying: frozenset[Uid]
    shapes: tuple[Amounts, ...] = ()
    migrating: bool = False
    movable: list[Pod] = field(default_factory=list)
    drawn_on: dict[Uid, ObjectKey] = field(default_factory=dict)
    fixed: dict[Uid, Refusal] = field(default_factory=dict)
    fixed_on: dict[NodeName, tuple[Pod, ...]] = field(default_factory=dict)
    owners: set[Uid] = field(default_factory=set)
    alike: list[Alike] = field(default_factory=list)
    special: list[Pod] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    selections: Selections = ()

    def sort_running(self) -> None:
        """Tell the pods that may move from those that are fixed load."""
        self.special = [*filter(is_special, self.pending)]
        told = self.recall.tenants(self.judge, staying=self.staying, migrating=self.migrating)
        for node, here in zip(self.judge.covered(), told, strict=True):
            self.movable += here.movable
            self.wishes |= here.wishes
            self.drawn_on |= here.drawn_on
            self.owners |= here.owners
            self.alike += here.alike
            self.special += here.special
            self.asked |= here.asked
            self.fixed |= here.fixed
            self.fixed_on[node.name] = here.staying
        self.movable.sort(key=by_key)
        self.special.sort(key=by_key)

    def finish(self, order: Order, limits: tuple[int, int]) -> Formulation:
        """Return the formulation."""
        covered = self.judge.covered()
        nodes = tuple(node.name for node in covered)
        pods = [*self.pending, *self.movable]
        ports = port_names(self.special, self.judge.snapshot.pods.values())
        attaching = Attaching.of(self.special, given := self._given())
        devices = Devices.of(self.special, covered, given, shapes=self.shapes)
        taken = tuple(map(devices.taken, self.shapes))
        zones = Zones.of(pods, nodes, self.judge.snapshot)
        more = {
            pod.uid: ports.amounts(pod) + attaching.amounts(pod) + devices.amounts(pod)
            for pod in self.special
        }
        asking = (pod.requests for pod in self.pending)
        resources = tuple(sorted(self.asked.union(*asking, *more.values(), *taken)))
        demand = {pod.uid: pod.requests.row(resources) for pod in pods}
        for pod in self.special:
            demand[pod.uid] = (pod.requests + more[pod.uid]).row(resources)
        budgets = sorted(set(self.drawn_on.values()), key=attrgetter("namespace", "name"))
        cast = self._cast(nodes)
        relating = related(cast)
        self.selections = cast.selections
        devices.relate(relating, len(nodes))
        zones.relate(relating, len(nodes))
        unbindable = frozenset(pod.uid for pod in self.pending if self.judge.unbindable(pod))
        grouping = Grouping(
            tiers=sorted({self.wishes[pod.uid].priority for pod in pods}, reverse=True),
            wishes=self.wishes,
            nodes=nodes,
            allowed=self._targets(pods, attaching, devices, zones),
            demand=demand,
            budgets=budgets,
            drawn_on=self.drawn_on,
            rivals=[pod for pod in self.pending if pod.preempts],
            unbindable=unbindable,
            relating=relating,
        )
        classes, members = grouping.group(self.pending, self.movable)
        return Formulation(
            problem=Problem(
                resources=resources,
                capacity=self._capacity(nodes, resources, ports, attaching, devices),
                tiers=tuple(grouping.tiers),
                classes=classes,
                budgets=tuple(self._allowed(key) for key in budgets),
                relations=relating.relations(grouping.class_of),
                max_moves=limits[0],
                max_evictions=limits[1],
                order=order,
            ),
            nodes=nodes,
            members=members,
            budgets=tuple(budgets),
            missable=_missable(self.judge.snapshot, self.owners),
            concurrent=self.judge.policy.spec.limits.concurrent_moves,
            migrations=self._migrations(),
            waiting=self.soon.unplaced,
            unbindable=unbindable,
            related=relating.related(),
            claimants=frozenset(devices.shapes),
            zoned=frozenset(zones.shapes),
            shapes=taken,
            fixed=self.fixed,
            wishes=self.wishes,
        )

    def _migrations(self) -> MigrationLimits | None:
        """Return what bounds the live migrations of a wave, those of others aside."""
        found = machines.kubevirt(self.judge.snapshot)
        if found is None or not any(map(machines.is_launcher, self.movable)):
            return None
        return MigrationLimits(parallel=found.parallel, outbound=found.outbound)

    def _allowed(self, key: ObjectKey) -> int:
        budget = self.judge.snapshot.budgets[key]
        return budget.disruptions_allowed if budget.observed else 0

    def _targets(
        self, pods: list[Pod], attaching: Attaching, devices: Devices, zones: Zones
    ) -> dict[Uid, tuple[NodeName, ...]]:
        """Return per pod the nodes that no rule refuses, whoever moves."""
        snapshot = self.judge.snapshot
        asking = [*((pod, (pod.uid,)) for pod in self.pending), *self.alike]
        found = feasible(
            [machines.arriving(pod, snapshot) for pod, _ in asking],
            self.judge.targets(),
            Board(snapshot),
        )
        allowed: dict[Uid, tuple[NodeName, ...]] = {}
        for pod, uids in asking:
            names = found[pod.key]
            if machines.is_launcher(pod) and pod.node is not None:
                names = tuple(n for n in names if machines.named_target(n, snapshot) is not None)
            if pod.volumes or pod.uid in devices.shapes:
                names = tuple(
                    n for n in names if attaching.admits(pod, n) and devices.admits(pod, n)
                )
            allowed.update(dict.fromkeys(uids, names))
        for pod in pods:
            if pod.uid in zones.shapes:
                allowed[pod.uid] = zones.admitting(pod, allowed[pod.uid])
        return allowed

    def _given(self) -> Board:
        """Return the board without the pods whose place is to be decided.

        With them where nobody asks for more than amounts: then nobody looks at it.
        """
        snapshot = self.judge.snapshot
        board = Board(snapshot)
        if any(p.volumes or has_claims(p, snapshot) for p in self.special):
            for pod in self.movable:
                board.take(pod.uid)
        return board

    def _capacity(
        self,
        nodes: tuple[NodeName, ...],
        resources: tuple[str, ...],
        ports: PortNames,
        attaching: Attaching,
        devices: Devices,
    ) -> tuple[tuple[int, ...], ...]:
        one_each = Amounts({name: 1 for name in resources if name.startswith("hostPort ")})
        held = self._held()

        def load(pods: Iterable[Pod]) -> Amounts:
            return total(pod.requests + ports.amounts(pod) for pod in pods)

        rows = []
        for name in nodes:
            node = self.judge.snapshot.nodes[name]
            room = node.allocatable + one_each + attaching.room(name) + devices.room(node)
            fixed = [*self.fixed_on[name], *held.get(name, ())]
            later = [*(pod for pod in fixed if not pod.deleting), *self.soon.on.get(name, ())]
            least = (room - load(fixed)).row(resources)
            if later != fixed:
                least = tuple(map(min, least, (room - load(later)).row(resources)))
            rows.append(tuple([max(0, amount) for amount in least]))
        return tuple(rows)

    def _held(self) -> dict[NodeName, list[Pod]]:
        """Return the nominated pods of others that hold room against ours."""
        ours = {pod.uid for pod in self.pending}
        least = min((pod.priority for pod in self.pending), default=LOWEST)
        return {
            name: [
                pod
                for pod in nominated
                if pod.uid not in ours and pod.uid not in self.soon.pods and pod.priority >= least
            ]
            for name, nominated in self.judge.snapshot.nominated.items()
        }

    def _cast(self, nodes: tuple[NodeName, ...]) -> Cast:
        free = (*self.pending, *self.movable)
        return Cast(
            snapshot=self.judge.snapshot,
            nodes=nodes,
            free=free,
            arriving=tuple(self._arriving()),
            bonds=self.recall.bonds(self.judge.snapshot),
        )

    def _arriving(self) -> Iterator[Seat]:
        """Yield who is about to sit somewhere, whatever is decided."""
        for arriving in (self._held(), self.soon.on):
            for name, pods_there in arriving.items():
                for pod in pods_there:
                    yield Seat(pod, name, lasting=False)
