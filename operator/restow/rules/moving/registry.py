"""The reasons to stay in a stable order: the first one is reported."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Self

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.core.reasons import Refusal
from restow.policies.packing_policy import Moving
from restow.rules import machines, storage_demand
from restow.rules.moving import (
    budgets,
    cooldown,
    daemon_set,
    device_claims,
    foreign_scheduler,
    leaving,
    local_storage,
    machine,
    minimum_age,
    opt_outs,
    owner,
    pod_group,
    running,
    shared_gpu,
    single_replica,
    static_pod,
    system_critical,
    topology,
)
from restow.rules.moving.budgets import BudgetIndex
from restow.rules.moving.workload import top_of

EMPTY: Final[Mapping[str, datetime]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the rules of moving need besides the pod; made once per snapshot and policy.

    Parameters
    ----------
    moving
        The policy's word on Jobs, local storage, soft opt-outs, single replicas and times.
    scheduler_names
        Schedulers whose pods may be moved.
    moved
        Pods that came in the place of a moved one, by uid, and when that one left.
    workloads
        Workloads of moved pods, by the uid of the topmost owner, and when the last of them left.
    now
        The moment at which timed rules are judged.
    """

    snapshot: Snapshot
    moving: Moving
    scheduler_names: frozenset[str]
    budgets: BudgetIndex
    moved: Mapping[str, datetime]
    workloads: Mapping[str, datetime]
    now: datetime

    @classmethod
    def of(  # noqa: PLR0913 - by name, all but one
        cls,
        snapshot: Snapshot,
        *,
        moving: Moving,
        scheduler_names: Collection[str],
        moved: Mapping[str, datetime] = EMPTY,
        workloads: Mapping[str, datetime] = EMPTY,
        now: datetime | None = None,
    ) -> Self:
        """Index the snapshot; `now` is its own moment unless given.

        Parameters
        ----------
        workloads
            By the uid of their controller.
        """
        tops: dict[str, datetime] = {}
        for uid, at in workloads.items():
            top = top_of(Uid(uid), snapshot)
            tops[top] = max(at, tops.get(top, at))
        return cls(
            snapshot=snapshot,
            moving=moving,
            scheduler_names=frozenset(scheduler_names),
            budgets=BudgetIndex.of(snapshot),
            moved=moved,
            workloads=tops,
            now=snapshot.taken_at if now is None else now,
        )


Rule = Callable[[Pod, Context, bool | None], Refusal | None]


def _owner(pod: Pod, context: Context, movable: bool | None) -> Refusal | None:  # noqa: FBT001 - one shape for all rules
    opted_in = opt_outs.opted_in(pod, movable=movable)
    return owner.refuse(pod, jobs=context.moving.jobs, opted_in=opted_in)


def _opt_outs(pod: Pod, context: Context, movable: bool | None) -> Refusal | None:  # noqa: FBT001
    node: Node | None = None if pod.node is None else context.snapshot.nodes.get(pod.node)
    return opt_outs.refuse(
        pod,
        node,
        movable=movable,
        prefer_is_hard=context.moving.honor_prefer_no_eviction,
        evicted=not machines.is_launcher(pod),
        now=context.now,
    )


def _local_storage(pod: Pod, context: Context, _: bool | None) -> Refusal | None:  # noqa: FBT001
    return local_storage.refuse(
        pod,
        allowed=context.moving.local_storage,
        safe=opt_outs.calls_local_storage_safe(pod),
        safe_volumes=opt_outs.safe_volumes(pod),
    )


def _single_replica(pod: Pod, context: Context, movable: bool | None) -> Refusal | None:  # noqa: FBT001
    return single_replica.refuse(
        pod,
        context.snapshot.workloads,
        allowed=context.moving.single_replicas or movable is True,
    )


def _device_claims(pod: Pod, context: Context, _: bool | None) -> Refusal | None:  # noqa: FBT001
    return device_claims.refuse(pod, context.snapshot, allowed=context.moving.device_claims)


def _minimum_age(pod: Pod, context: Context, _: bool | None) -> Refusal | None:  # noqa: FBT001
    least = timedelta(seconds=context.moving.minimum_age_seconds)
    return minimum_age.refuse(pod, least, context.now)


def _cooldown(pod: Pod, context: Context, _: bool | None) -> Refusal | None:  # noqa: FBT001
    moving = context.moving
    pause = timedelta(seconds=moving.cooldown_seconds)
    no = cooldown.refuse(context.moved.get(pod.uid), pause, context.now)
    if no is not None or pod.owner is None or not context.workloads:
        return no
    pause = timedelta(seconds=moving.workload_cooldown_seconds)
    moved_at = context.workloads.get(top_of(pod.owner.uid, context.snapshot))
    return cooldown.refuse(moved_at, pause, context.now, "a pod of its workload")


_TIES: Final[tuple[Rule, ...]] = (
    lambda pod, _context, _movable: shared_gpu.refuse(pod),
    lambda pod, _context, _movable: topology.refuse(pod),
    lambda pod, _context, _movable: pod_group.refuse(pod),
    _device_claims,
    lambda pod, context, _movable: storage_demand.pinned(pod, context.snapshot),
)
"""What ties a pod, or a virtual machine, to its node, however it would leave."""

RULES: Final[tuple[Rule, ...]] = (
    # what the pod is
    lambda pod, _context, _movable: leaving.refuse(pod),
    lambda pod, _context, _movable: running.refuse(pod),
    lambda pod, _context, _movable: static_pod.refuse(pod),
    lambda pod, _context, _movable: daemon_set.refuse(pod),
    lambda pod, _context, _movable: system_critical.refuse(pod),
    lambda pod, context, _movable: foreign_scheduler.refuse(pod, context.scheduler_names),
    # what people asked for
    _opt_outs,
    # what a move would break
    _owner,
    _single_replica,
    _local_storage,
    *_TIES,
    # what passes by itself, so it is said last
    _minimum_age,
    _cooldown,
    lambda pod, context, _movable: budgets.refuse(pod, context.budgets),
)


MACHINE_RULES: Final[tuple[Rule, ...]] = (
    lambda pod, _context, _movable: leaving.refuse(pod),
    lambda pod, _context, _movable: running.refuse(pod),
    lambda pod, _context, _movable: system_critical.refuse(pod),
    lambda pod, context, _movable: foreign_scheduler.refuse(pod, context.scheduler_names),
    _opt_outs,
    lambda pod, context, _movable: machine.refuse(pod, context.snapshot),
    *_TIES,
    _minimum_age,
    _cooldown,
)
"""For launchers of virtual machines. A live migration is no disruption: nothing restarts, local
storage goes along, and disruption budgets (KubeVirt has one for each machine) do not count."""


def reasons_to_stay(pod: Pod, context: Context, *, movable: bool | None) -> Iterator[Refusal]:
    """Yield every reason why `pod` may be neither moved nor evicted now, in the order of RULES.

    Of a launcher, why its virtual machine may not be migrated: it is never evicted. `movable` is
    `rules.wishes.of(pod, …).movable`.
    """
    for refuse in MACHINE_RULES if machines.is_launcher(pod) else RULES:
        answer = refuse(pod, context, movable)
        if answer is not None:
            yield answer


def rests(pod: Pod, context: Context) -> bool:
    """Return whether `pod` stays for a time that only has to pass, without any other event."""
    node: Node | None = None if pod.node is None else context.snapshot.nodes.get(pod.node)
    return (
        _minimum_age(pod, context, None) is not None
        or _cooldown(pod, context, None) is not None
        or opt_outs.undisturbed(pod, node, context.now)
    )
