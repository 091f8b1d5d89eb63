"""One turn of a plan."""

from dataclasses import replace
from datetime import datetime

from restow.cluster.snapshot import Snapshot
from restow.planning.execution.arriving import arrive, give_up_lost, hold, overdue
from restow.planning.execution.ending import clean
from restow.planning.execution.leaving import keep_gate, leave
from restow.planning.execution.migrating import allowance_s, migrate
from restow.planning.execution.observe import observe
from restow.planning.execution.reserving import reserve
from restow.planning.execution.scene import Scene, Turn
from restow.planning.execution.sparing import spare
from restow.planning.judge import Judge
from restow.planning.plan import Plan
from restow.planning.progress import OVER, Progress, Settings, Verdict
from restow.planning.revalidate import stale
from restow.policies.coverage import Policy

BUSY_S = 0.05
"""Pause after a turn with acts: until the snapshot can show what they did."""


def advance(  # noqa: PLR0913 - the five that make a turn, and the policy by name
    plan: Plan,
    progress: Progress,
    snapshot: Snapshot,
    now: datetime,
    settings: Settings,
    *,
    policy: Policy,
) -> Turn:
    """Return the next acts of the plan, or its verdict.

    Store `progress` of the turn before performing its acts, fold every answer in with `note`,
    store again, and call again after `wait_s` or when the snapshot changes. A new operator goes on
    from the stored progress by the same call (after `recovery.resumed`).
    """
    scene = Scene(
        plan=plan,
        progress=progress,
        snapshot=snapshot,
        now=now,
        settings=settings,
        judge=Judge(snapshot=snapshot, policy=policy, now=now),
    )
    observe(scene)
    if scene.progress.ending is None:
        _judge(scene)
    if scene.progress.ending is None:
        reserve(scene)
        hold(scene)
        arrive(scene)
        keep_gate(scene)
        leave(scene)
        migrate(scene)
    if scene.progress.ending is None:
        spare(scene)
    ending = scene.progress.ending
    if ending is not None:
        scene.acts.clear()
        if clean(scene, ending):
            return Turn(
                acts=tuple(scene.acts),
                progress=scene.progress,
                verdict=ending.verdict,
                reason=ending.reason,
            )
    return Turn(
        acts=tuple(scene.acts),
        progress=scene.progress,
        wait_s=BUSY_S if scene.acts else 0.5,
    )


def _judge(scene: Scene) -> None:
    """Go on to the next wave, or end the plan: done, too late, or overtaken by the cluster."""
    if _wave_over(scene):
        _next_wave(scene)
    if scene.progress.ending is not None:
        return
    idle = scene.progress.evicting_since is None
    if idle and scene.all_placed():
        scene.end(Verdict.COMPLETED)
        return
    deadline_s = scene.settings.deadline_s + allowance_s(scene)
    if scene.after(scene.progress.started_at, deadline_s):
        scene.end(Verdict.ABORTED, f"not done within {deadline_s:.0f} s")
        return
    give_up_lost(scene)
    reason = stale(scene.plan, scene.progress, scene.judge) or overdue(scene)
    if reason is not None:
        scene.end(Verdict.ABORTED, reason)


def _wave_over(scene: Scene) -> bool:
    return all(state.phase in OVER for _, _, state in scene.of_wave())


def _next_wave(scene: Scene) -> None:
    while _wave_over(scene):
        if scene.progress.wave + 1 >= scene.plan.waves:
            scene.end(Verdict.COMPLETED)
            return
        scene.progress = replace(
            scene.progress,
            wave=scene.progress.wave + 1,
            wave_since=scene.now,
            evicting_since=None,
            blocked_since=None,
        )
