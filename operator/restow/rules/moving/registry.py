"""The reasons to stay in a stable order: the first one is reported."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Refusal
from restow.policies.packing_policy import Moving
from restow.rules.moving import (
    budgets,
    daemon_set,
    foreign_scheduler,
    leaving,
    local_storage,
    opt_outs,
    owner,
    running,
    shared_gpu,
    static_pod,
    system_critical,
    topology,
)
from restow.rules.moving.budgets import BudgetIndex
from restow.rules.placement.unmodelled import TermIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the rules of moving need besides the pod; made once per snapshot and policy.

    Parameters
    ----------
    moving
        The policy's word on Jobs, local storage and soft opt-outs.
    scheduler_names
        Schedulers whose pods may be moved.
    now
        The moment at which timed opt-outs are judged.
    """

    snapshot: Snapshot
    moving: Moving
    scheduler_names: frozenset[str]
    budgets: BudgetIndex
    terms: TermIndex
    now: datetime

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        *,
        moving: Moving,
        scheduler_names: Collection[str],
        now: datetime | None = None,
    ) -> Self:
        """Index the snapshot; `now` is its own moment unless given."""
        return cls(
            snapshot=snapshot,
            moving=moving,
            scheduler_names=frozenset(scheduler_names),
            budgets=BudgetIndex.of(snapshot),
            terms=TermIndex.of(snapshot),
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
        now=context.now,
    )


def _local_storage(pod: Pod, context: Context, _: bool | None) -> Refusal | None:  # noqa: FBT001
    return local_storage.refuse(
        pod,
        allowed=context.moving.local_storage,
        safe=opt_outs.calls_local_storage_safe(pod),
        safe_volumes=opt_outs.safe_volumes(pod),
    )


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
    _local_storage,
    lambda pod, _context, _movable: shared_gpu.refuse(pod),
    lambda pod, _context, _movable: topology.refuse(pod),
    lambda pod, context, _movable: context.terms.refuse(pod),
    # what passes by itself, so it is said last
    lambda pod, context, _movable: budgets.refuse(pod, context.budgets),
)


def reasons_to_stay(pod: Pod, context: Context, *, movable: bool | None) -> Iterator[Refusal]:
    """Yield every reason why `pod` may be neither moved nor evicted now, in the order of RULES.

    `movable` is `rules.wishes.of(pod, …).movable`.
    """
    for refuse in RULES:
        answer = refuse(pod, context, movable)
        if answer is not None:
            yield answer
