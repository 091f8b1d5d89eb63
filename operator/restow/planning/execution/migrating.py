"""Virtual machines: have KubeVirt migrate them, watch it, and call off what does not end well.

A migration is an object of the cluster, so that all there is to know of it can be read from there;
its name follows from the plan, so that making it twice is making it once. Its limits in time are
restow's own, a little longer than KubeVirt's, which ends by itself what takes too long.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from restow.cluster.machines import JOB, QUEUED, KubeVirt, Machine, MachineMigration
from restow.cluster.objects import Pod
from restow.core.ids import NodeName, ObjectKey
from restow.planning.acts import CancelMigration, Migrate
from restow.planning.execution.reserving import lets_in
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import OVER, StepPhase, StepProgress, Verdict
from restow.planning.revalidate import arrival_of, why_stays
from restow.rules import copying, machines, migration_policies

RUNNING: Final = "Running"
SUCCEEDED: Final = "Succeeded"
_DEFAULTS: Final = KubeVirt(key=ObjectKey("", ""))


def name_of(plan: Plan, step: Step) -> str:
    """Return the name of the step's migration: of this plan and no other, whenever it was made."""
    text = f"{plan.name} {plan.taken_at.isoformat()} {step.pod.key} {step.pod.uid} {step.target}"
    return f"{plan.name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def allowance_s(scene: Scene) -> float:
    """Return how much longer the plan may take for its migrations: those of a wave run together."""
    waves: dict[int, float] = {}
    for _, step, _ in scene.steps(Action.MIGRATE):
        waves[step.wave] = max(waves.get(step.wave, 0.0), limit_s(scene, step))
    return sum(waves.values())


def limit_s(scene: Scene, step: Step) -> float:
    """Return how long a migration may take from being accepted, in seconds."""
    return scene.settings.handover_s + _copying_s(scene, step) + scene.settings.grace_s


def _copying_s(scene: Scene, step: Step) -> float:
    """Return how long KubeVirt gives a migration to copy the machine's memory, in seconds."""
    machine = machine_of(scene, step)
    if machine is None:
        return copying.patience_s(0, _DEFAULTS.terms)
    terms = migration_policies.terms(machine, scene.snapshot)
    return copying.patience_s(machine.memory_bytes, terms)


def machine_of(scene: Scene, step: Step) -> Machine | None:
    """Return the step's virtual machine, if that very incarnation exists."""
    if step.vmi is None or step.owner is None:
        return None
    machine = scene.snapshot.machines.get(ObjectKey(step.pod.key.namespace, step.vmi))
    return machine if machine is not None and machine.uid == step.owner.uid else None


def migration_of(scene: Scene, step: Step) -> MachineMigration | None:
    """Return the step's migration, if the snapshot shows it."""
    key = ObjectKey(step.pod.key.namespace, name_of(scene.plan, step))
    return scene.snapshot.migrations.get(key)


# what the snapshot shows


def watch(scene: Scene) -> None:
    """Bring the steps of machines that migrate up to what the snapshot shows."""
    for index, step, state in list(scene.steps(Action.MIGRATE)):
        if state.phase is not StepPhase.MIGRATING:
            continue
        found = migration_of(scene, step)
        if found is None:
            _unseen(scene, index, step, state)
            continue
        pod = _target_pod(scene, found)
        scene.put(
            index,
            replace(
                state,
                disturbed_at=state.disturbed_at or scene.now,
                replacement=pod.ref if pod is not None else state.replacement,
            ),
        )
        if found.phase == SUCCEEDED:
            _arrived(scene, index, step)
        elif found.over or found.deleting:
            _fail(scene, index, step, found.failure or _ended(found))
        else:
            _in_time(scene, index, step, found)


def _unseen(scene: Scene, index: int, step: Step, state: StepProgress) -> None:
    """KubeVirt removes what ended some time ago; else it was called off, or is yet to be seen."""
    machine = machine_of(scene, step)
    if state.disturbed_at is None or machines.MIGRATION in scene.snapshot.unknown:
        return
    if machine is not None and machine.node == step.target:
        _arrived(scene, index, step)
    elif scene.after(state.disturbed_at, scene.settings.seen_s):
        _fail(scene, index, step, "its migration is gone: somebody called it off")


def _arrived(scene: Scene, index: int, step: Step) -> None:
    """Finish the step once the machine is on its target and its old pod has gone."""
    state, machine = scene.progress.steps[index], machine_of(scene, step)
    if machine is not None and machine.node == step.target and scene.pod(step) is None:
        scene.put(index, state.to(StepPhase.DONE, scene.now))
    elif scene.after(state.disturbed_at, limit_s(scene, step) + scene.settings.leave_s):
        _fail(scene, index, step, f"{step.pod} did not leave in time")


def _ended(found: MachineMigration) -> str:
    return "somebody called it off" if found.deleting else "KubeVirt does not say why"


def _in_time(scene: Scene, index: int, step: Step, found: MachineMigration) -> None:
    """End the plan if the migration takes too long to begin, or to copy."""
    settings, state = scene.settings, scene.progress.steps[index]
    if found.phase != RUNNING:
        if scene.after(state.disturbed_at, settings.handover_s):
            where = "waits in KubeVirt's queue" if found.phase in QUEUED else f"is {found.phase}"
            text = f"it still {where} after {settings.handover_s:.0f} s"
            _fail(scene, index, step, text)
        return
    copying_s = _copying_s(scene, step) + settings.grace_s
    since = found.since or state.disturbed_at
    late = scene.after(since, copying_s)
    if late or scene.after(state.disturbed_at, limit_s(scene, step)):
        _fail(scene, index, step, f"memory was not copied within {copying_s:.0f} s")


def _fail(scene: Scene, index: int, step: Step, why: str) -> None:
    text = f"migration of {step.pod.key.namespace}/{step.vmi} to {step.target} failed: {why}"
    scene.put(index, scene.progress.steps[index].to(StepPhase.STRAYED, scene.now, text))
    scene.end(Verdict.ABORTED, text)


def _target_pod(scene: Scene, found: MachineMigration) -> Pod | None:
    return next(
        (
            pod
            for pod in scene.snapshot.pods.values()
            if pod.labels.get(JOB) == found.uid and pod.key.namespace == found.key.namespace
        ),
        None,
    )


# what is to be done


def migrate(scene: Scene) -> None:
    """Begin the migrations of the wave that may begin, each as soon as its target has room."""
    for pod, node in list(coming(scene)):
        scene.board.put(pod, node)
    for index, step, state in list(scene.of_wave(Action.MIGRATE)):
        if state.phase is StepPhase.PLANNED:
            _begin(scene, index, step)
        elif state.phase is StepPhase.MIGRATING and state.disturbed_at is None:
            if scene.after(state.since, scene.settings.budget_s):
                _fail(scene, index, step, state.message or "it could not be asked for")
            elif scene.after(state.tried_at, scene.settings.backoff_s):
                _act(scene, step)
        if scene.progress.ending is not None:
            return


def coming(scene: Scene) -> Iterator[tuple[Pod, NodeName]]:
    """Yield the pods of migrations under way that have no node yet, or their like, with targets."""
    for index, step, state in scene.steps(Action.MIGRATE):
        pod = arrival_of(scene.plan, scene.progress, index, scene.snapshot)
        begun = state.phase is StepPhase.MIGRATING and pod is not None and pod.node is None
        if begun and pod is not None and step.target is not None:
            yield pod, step.target


def _begin(scene: Scene, index: int, step: Step) -> None:
    pod = arrival_of(scene.plan, scene.progress, index, scene.snapshot)
    blocked = _blocked(scene, step, pod)
    if blocked:
        _wait(scene, blocked)
    elif pod is not None and step.target is not None:
        scene.board.put(pod, step.target)  # it may fail; the next turn knows
        scene.put(index, scene.progress.steps[index].to(StepPhase.MIGRATING, scene.now))
        _act(scene, step)


def _act(scene: Scene, step: Step) -> None:
    hostname = machines.named_target(step.target, scene.snapshot) if step.target else None
    if step.vmi is None or hostname is None:
        scene.end(Verdict.ABORTED, f"node {step.target} has no host name of its own")
        return
    scene.acts.append(
        Migrate(
            plan=scene.plan.name,
            pod=step.pod,
            vmi=step.vmi,
            name=name_of(scene.plan, step),
            hostname=hostname,
        )
    )


def _blocked(scene: Scene, step: Step, pod: Pod | None) -> str:
    """Return why the migration has to wait, empty if it may begin; end the plan if it never may."""
    why = why_stays(step, scene.judge)
    if why is not None or pod is None or step.target is None:
        scene.end(Verdict.ABORTED, f"{step.action} of {step.pod}: {why or 'the pod is gone'}")
        return why or "the pod is gone"
    found = machines.kubevirt(scene.snapshot) or _DEFAULTS
    sources = list(_sources(scene))
    if len(sources) >= found.parallel:
        return f"KubeVirt migrates {found.parallel} machines at a time"
    if sources.count(step.source) >= found.outbound:
        return f"KubeVirt migrates {found.outbound} machines at a time away from a node"
    if not lets_in(scene, pod, step.target):
        return f"{step.pod} finds no room on {step.target}"
    return ""


def _sources(scene: Scene) -> Iterator[NodeName | None]:
    """Yield the nodes that migrations under way leave, whoever asked for them."""
    for each in scene.snapshot.migrations.values():
        if not each.over:
            machine = scene.snapshot.machines.get(ObjectKey(each.key.namespace, each.machine))
            known = machine.node if machine is not None else None
            yield NodeName(each.source) if each.source else known
    for _, step, state in scene.steps(Action.MIGRATE):
        if state.phase is StepPhase.MIGRATING and migration_of(scene, step) is None:
            yield step.source


def _wait(scene: Scene, blocked: str) -> None:
    """End the plan if nothing in the wave has changed for long."""
    moments = [state.since for _, _, state in scene.of_wave() if state.since is not None]
    under_way = any(
        state.phase not in OVER and state.phase is not StepPhase.PLANNED
        for _, _, state in scene.of_wave()
    )
    last = max([scene.progress.wave_since, *moments])
    if not under_way and scene.after(last, scene.settings.arrive_s):
        scene.end(Verdict.ABORTED, blocked)


def cancel(scene: Scene) -> bool:
    """Call off the plan's migrations that have not ended; return whether there are any."""
    left = [
        each
        for _, each in sorted(scene.snapshot.migrations.items())
        if each.plan == scene.plan.name and not each.over
    ]
    scene.acts.extend(
        CancelMigration(migration=each.key, uid=each.uid) for each in left if not each.deleting
    )
    return bool(left)
