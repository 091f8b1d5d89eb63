"""Placeholders: gated pods of restow's own that hold the room of a plan's arrivals.

The nomination of a pod with scheduling cycles goes with the first cycle that fails, and every cycle
fails until the room is complete. That of a gated pod stays. So all that is still to arrive on a
node, in this wave or a later one, is held there by a placeholder of its size, one for each
priority: whatever comes free, no waiting pod fits beside it. A replacement that is gated and
nominated holds its own room, and is left out.

When a replacement has room before that of all others is complete, a smaller placeholder takes the
place of the first one, such that the node is just full with the replacement on it. Pending pods
need no such thing: restow binds them, and the placeholder stays until they are there.
"""

from collections.abc import Iterator, Mapping, Sequence

from restow.cluster.objects import Pod
from restow.core.frozen import Amounts, total
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.marks import HOLD
from restow.planning.acts import Placeholder, Reserve, Unreserve
from restow.planning.execution.binding import bound_by_us, waiting
from restow.planning.execution.filling import fillers, holds_itself, patient, sized
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action
from restow.planning.progress import OVER, StepPhase
from restow.planning.revalidate import arrival_of
from restow.planning.room import has_room, takes, without
from restow.rules.survey import Nominated

Arriving = Mapping[NodeName, Sequence[Pod]]


def reserve(scene: Scene) -> None:
    """Set what is held to what is wanted; where that changes, first the new, then the old goes."""
    if not reserving(scene):
        scene.acts.extend(Unreserve(pod=pod.ref) for pod in placeholders(scene))
        return
    wanted = set(_wanted(scene, entering(scene)))
    standing = _standing(scene)
    there = set(standing.values())
    scene.acts.extend(
        Reserve(
            plan=scene.plan.name, placeholder=each, priority_class=_class_of(scene, each.priority)
        )
        for each in sorted(wanted - there, key=lambda each: (each.node, -each.priority))
    )
    seen: set[Placeholder] = set()
    for pod, each in standing.items():
        complete = all(other in there for other in wanted if other.node == each.node)
        if complete and (each not in wanted or each in seen):
            scene.acts.append(Unreserve(pod=pod.ref))
        seen.add(each)


def lets_in(scene: Scene, pod: Pod, node: NodeName) -> bool:
    """Whether kube-scheduler would bind the pod there now, beside what is held for others."""
    if not has_room(scene.board, pod, node):
        return False
    wanted = {each for each in _wanted(scene, entering(scene)) if each.node == node}
    standing = [each for each in _standing(scene).values() if each.node == node]
    changing = reserving(scene) and (set(standing) != wanted or len(standing) != len(wanted))
    return not changing


def reserved(scene: Scene, node: NodeName | None = None) -> bool:
    """Whether all that is to arrive, on the node or anywhere, is held in full after this turn."""
    going = {act.pod.uid for act in scene.acts if isinstance(act, Unreserve)}
    there = {each for pod, each in _standing(scene).items() if pod.uid not in going}
    return all(each in there for each in full(scene) if node in {None, each.node})


def reserving(scene: Scene) -> bool:
    """Whether there are placeholders, or may be yet; if not, nominations alone hold what they can.

    Quotas and policies may keep restow from creating any, or all that are wanted: where some only
    stand before anybody was evicted, those go again.
    """
    if not scene.after(scene.progress.wave_since, scene.settings.gate_s):
        return True
    begun = scene.progress.evicting_since is not None
    return any(True for _ in placeholders(scene)) and (begun or reserved(scene))


def full(scene: Scene) -> tuple[Placeholder, ...]:
    """Return what holds all that is still to arrive, nobody let in before the others."""
    return tuple(_wanted(scene, {}))


def virtual(scene: Scene) -> Nominated:
    """Return what is held in full, as the gated pods that it stands for."""
    found: dict[NodeName, tuple[Pod, ...]] = {}
    for each in full(scene):
        found[each.node] = (*found.get(each.node, ()), stand_in(scene, each))
    return found


def placeholders(scene: Scene) -> Iterator[Pod]:
    """Yield the placeholders of this plan that hold something."""
    for pods in scene.snapshot.nominated.values():
        for pod in pods:
            if HOLD in pod.gates and scene.marked(pod):
                yield pod


def nominated(scene: Scene) -> Nominated:
    """Return who is nominated, placeholders of this plan aside."""
    ours = {pod.uid for pod in placeholders(scene)}
    return {
        node: tuple(pod for pod in pods if pod.uid not in ours)
        for node, pods in scene.snapshot.nominated.items()
    }


def room_for(scene: Scene, pod: Pod, node: NodeName) -> bool:
    """Whether the node takes the pod now, placeholders of this plan aside."""
    return has_room(scene.board, pod, node, nominated(scene))


def entering(scene: Scene) -> Arriving:
    """Return per node the arrivals that have room, and that kube-scheduler is to bind there.

    What migrations bring is among them: nothing can be nominated before KubeVirt makes it.
    """
    found: dict[NodeName, list[Pod]] = {}
    for index, step, state in scene.of_wave(Action.MOVE, Action.PLACE):
        pod, node = scene.arriving(index), step.target
        if pod is None or pod.node is not None or state.phase in OVER or node is None:
            continue
        if pod.nominated_node != node:
            continue  # nothing would hold its room yet
        if step.action is Action.PLACE and not all_left(scene):
            continue
        if step.action is Action.PLACE and (
            bound_by_us(scene, step, pod) or _others_first(scene, pod, node)
        ):
            continue
        if pod.gates and patient(scene, state) and _would_open(scene, pod, node):
            continue
        if room_for(scene, pod, node):
            found.setdefault(node, []).append(pod)
    for pod, node in migrants(scene):
        if room_for(scene, pod, node):
            found.setdefault(node, []).append(pod)
    return found


def _others_first(scene: Scene, pod: Pod, node: NodeName) -> bool:
    """Whether a pod of the plan that outranks it, and could go there too, is about to be bound.

    By restow, to its own node; then this one is nobody's to take any more.
    """
    for index, step, state in scene.of_wave(Action.PLACE):
        other, target = scene.arriving(index), step.target
        if other is None or other.node is not None or state.phase in OVER or target is None:
            continue
        rival = other.priority > pod.priority and takes(scene.board, other, node, {})
        if rival and bound_by_us(scene, step, other) and room_for(scene, other, target):
            return True
    return False


def migrants(scene: Scene) -> Iterator[tuple[Pod, NodeName]]:
    """Yield the pods that migrations of this wave are yet to bring to their targets."""
    for index, step, state in scene.of_wave(Action.MIGRATE):
        pod = arrival_of(scene.plan, scene.progress, index, scene.snapshot)
        if pod is None or pod.node is not None or state.phase in OVER or step.target is None:
            continue
        if step.target in scene.board.nodes:
            yield pod, step.target


def _would_open(scene: Scene, pod: Pod, node: NodeName) -> bool:
    """Whether the arrival would make others take room that a pod is about to leave on its node.

    As long as that terminates, nothing beside the arrival can hold its room.
    """
    ending = [other for other in scene.board.pods(node) if other.deleting]
    if not ending:
        return False
    ours = {
        other.uid
        for index, step, _ in scene.steps(Action.MOVE, Action.PLACE)
        if step.target == node and (other := scene.arriving(index)) is not None
    }
    with without(scene.board, ending) as board:
        held = {node: (pod, *(other for other in nominated(scene).get(node, ()) if other.gates))}
        return any(
            not other.requests.lacking(board.free(node)) and has_room(board, other, node, held)
            for other in waiting(scene)
            if other.uid not in ours
        )


def all_left(scene: Scene) -> bool:
    """Whether nobody of the wave is still to be evicted."""
    return all(
        state.phase not in {StepPhase.PLANNED, StepPhase.EVICTING}
        for _, _, state in scene.of_wave(Action.MOVE, Action.EVICT)
    )


def _standing(scene: Scene) -> dict[Pod, Placeholder]:
    """Return the placeholders there are and what they hold; those that hold nothing left out."""
    return {
        pod: Placeholder(
            node=pod.nominated_node,
            priority=pod.priority,
            requests=sized(pod.requests),
            host_ports=tuple(sorted(pod.host_ports)),
        )
        for pod in placeholders(scene)
        if pod.nominated_node is not None
    }


def _wanted(scene: Scene, let_in: Arriving) -> Iterator[Placeholder]:
    arrivals: dict[NodeName, list[Pod]] = {}
    unknown: set[NodeName] = set()
    for index, step, state in scene.steps(Action.MOVE, Action.PLACE):
        node = step.target
        if node is None or step.wave < scene.progress.wave or state.phase in OVER:
            continue
        if node not in scene.board.nodes:
            continue
        pod = arrival_of(scene.plan, scene.progress, index, scene.snapshot)
        if pod is None:
            unknown.add(node)  # the only pod of its controller, gone for now
        elif not holds_itself(scene, index, pod):
            arrivals.setdefault(node, []).append(pod)
    for each in _standing(scene).values():
        if each.node in unknown:
            yield each
    if scene.fillers is None:
        scene.fillers = fillers(scene, arrivals)
    more = scene.fillers
    for node in sorted({*arrivals, *more} - unknown):
        pods = (*arrivals.get(node, ()), *more.get(node, ()))
        yield from _at(scene, node, pods, let_in.get(node, ()))


def _at(
    scene: Scene, node: NodeName, arrivals: Sequence[Pod], let_in: Sequence[Pod]
) -> Iterator[Placeholder]:
    """Yield what holds the node for `arrivals` but `let_in`, which are to fit beside it."""
    inside = {pod.uid for pod in let_in}
    left: Amounts | None = None
    if let_in:
        known = inside | {pod.uid for pod in arrivals}
        others = [pod for pod in nominated(scene).get(node, ()) if pod.uid not in known]
        left = scene.board.free(node) - total(pod.requests for pod in (*let_in, *others))
        if left.of("pods") < 1:
            return
    rest = [pod for pod in arrivals if pod.uid not in inside]
    for priority in sorted({pod.priority for pod in rest}, reverse=True):
        of_it = [pod for pod in rest if pod.priority == priority]
        needed = total(pod.requests for pod in of_it)
        if left is not None:
            needed = Amounts({name: min(n, max(0, left.of(name))) for name, n in needed.items()})
            left -= needed
        ports = tuple(sorted({port for pod in of_it for port in pod.host_ports}))
        if sized(needed) or ports:
            yield Placeholder(
                node=node,
                priority=priority,
                requests=sized(needed),
                host_ports=ports,
            )


def stand_in(scene: Scene, holder: Placeholder) -> Pod:
    """Return the gated pod as which the placeholder will hold its room."""
    name = f"placeholder {holder.node} {holder.priority}"
    return Pod(
        key=ObjectKey("", name),
        uid=Uid(name),
        created_at=scene.now,
        priority=holder.priority,
        requests=holder.requests + Amounts({"pods": 1}),
        nominated_node=holder.node,
        gates=(HOLD,),
        host_ports=holder.host_ports,
    )


def _class_of(scene: Scene, priority: int) -> str:
    """Return a class of that priority; a pod without one has priority 0, as long as none is so."""
    classes = scene.snapshot.priority_classes
    return next((name for name, each in sorted(classes.items()) if each.value == priority), "")
