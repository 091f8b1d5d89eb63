"""What a new operator does first: undo what belongs to no live plan, go on with the one that does.

The same is done whenever no plan is being carried out: a replacement created while the gate was
being taken down may show up late.
"""

from collections.abc import Collection
from dataclasses import replace

from restow.cluster.snapshot import Snapshot
from restow.core.marks import GATE, HOLD, PLAN
from restow.planning.acts import Act, CancelMigration, Disarm, Release, Unreserve, Withdraw
from restow.planning.progress import Gate, Progress


def orphans(snapshot: Snapshot, live: Collection[str]) -> tuple[Act, ...]:
    """Return the acts that undo the gates, nominations and marks of plans not among `live`.

    A placeholder is deleted, and so is a migration that has not ended. A pod with our gate and no
    mark is let go too. The admission gate itself is not in a snapshot: see `disarming`.
    """
    acts: list[Act] = [
        CancelMigration(migration=each.key, uid=each.uid)
        for _, each in sorted(snapshot.migrations.items())
        if each.plan and each.plan not in live and not each.over and not each.deleting
    ]
    for _, pod in sorted(snapshot.pods.items()):
        plan = pod.annotations.get(PLAN)
        if plan in live:
            continue
        if HOLD in pod.gates:
            acts.append(Unreserve(pod=pod.ref))
            continue
        if GATE in pod.gates:
            acts.append(Release(pod=pod.ref))
        if plan is not None:
            acts.append(Withdraw(pod=pod.ref))
    return tuple(acts)


def disarming(live: Collection[str]) -> tuple[Act, ...]:
    """Return the act that takes the gate down if no plan is live; for the start of an operator."""
    return () if live else (Disarm(plan=""),)


def resumed(progress: Progress) -> Progress:
    """Return the progress as a new operator takes it over: whether the gate is in force is unknown.

    It is armed and proven again where replacements are still to come, and taken down where not.
    """
    if progress.gate in {Gate.OFF, Gate.ABSENT}:
        return progress
    return replace(progress, gate=Gate.ARMED, gate_since=None, gate_tried_at=None)
