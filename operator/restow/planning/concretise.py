"""From counts per class and node to concrete pods: who stays, who goes where."""

from collections.abc import Iterator
from dataclasses import dataclass

from restow.cluster.objects import Pod
from restow.core.ids import Uid
from restow.packing.outcome import Placement
from restow.packing.problem import PodClass
from restow.planning.formulation import Formulation, Members
from restow.planning.plan import Action, Step
from restow.planning.waves import Change, Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Concrete:
    """What an outcome asks for.

    Parameters
    ----------
    changes
        The steps, not yet in waves: placements, then moves, then evictions, each by class.
    unplaced
        The pending pods that get no place, in class order.
    """

    changes: tuple[Change, ...]
    unplaced: tuple[Pod, ...]


def concretise(formulation: Formulation, placement: Placement) -> Concrete:
    """Return the steps that turn the present into `placement`; deterministic.

    As many pods as possible stay where they are. Of interchangeable pods the longest pending one is
    placed first, and the unready and young ones give way first.
    """
    placed: list[Change] = []
    moved: list[Change] = []
    evicted: list[Change] = []
    unplaced: list[Pod] = []
    shapes = zip(formulation.problem.classes, formulation.members, placement, strict=True)
    for shape, members, where in shapes:
        if shape.pending:
            targets = [node for node, count in where for _ in range(count)]
            served = members.pending[: len(targets)]
            unplaced.extend(members.pending[len(targets) :])
            placed.extend(_places(formulation, shape, served, targets))
        else:
            for change in _disruptions(formulation, shape, members, dict(where)):
                (evicted if change.permanent else moved).append(change)
    return Concrete(changes=(*placed, *moved, *evicted), unplaced=tuple(unplaced))


def ground(formulation: Formulation) -> Ground:
    """Return the free room of the present, and the allowances of budgets and of controllers.

    Where the policy limits how many pods are on their way, that is the last allowance.
    """
    problem = formulation.problem
    room = [list(row) for row in problem.capacity]
    for shape in problem.classes:
        for node, count in shape.running:
            room[node] = [
                have - count * need for have, need in zip(room[node], shape.demand, strict=True)
            ]
    caps = tuple(formulation.missable[uid] for uid in _controllers(formulation))
    together = () if formulation.concurrent is None else (formulation.concurrent,)
    allowed = (*problem.budgets, *caps, *together)
    return Ground(room=tuple(tuple(row) for row in room), allowed=allowed)


def _controllers(formulation: Formulation) -> list[Uid]:
    """Return the controllers in the order in which they follow the budgets."""
    return sorted(formulation.missable)


def _places(
    formulation: Formulation, shape: PodClass, pods: tuple[Pod, ...], targets: list[int]
) -> Iterator[Change]:
    """Yield the placements; a pod that is nominated to one of the targets keeps it."""
    free = list(targets)
    chosen: dict[int, int] = {}
    for place, pod in enumerate(pods):
        wanted = next((n for n in free if formulation.nodes[n] == pod.nominated_node), None)
        if wanted is not None:
            free.remove(wanted)
            chosen[place] = wanted
    for place, pod in enumerate(pods):
        target = chosen[place] if place in chosen else free.pop(0)
        step = Step(
            wave=0,
            action=Action.PLACE,
            pod=pod.ref,
            target=formulation.nodes[target],
            owner=pod.owner,
            priority=pod.priority,
            bindable=pod.uid not in formulation.unbindable,
        )
        yield Change(
            step=step,
            demand=shape.demand,
            target=target,
            relations=formulation.related.get(pod.uid, frozenset()),
        )


def _disruptions(
    formulation: Formulation, shape: PodClass, members: Members, after: dict[int, int]
) -> Iterator[Change]:
    before = {node: len(pods) for node, pods in members.running}
    leaving = [
        (node, pod)
        for node, pods in members.running
        for pod in pods[: max(0, len(pods) - after.get(node, 0))]
    ]
    if not leaving:
        return
    arrivals = [
        node for node in sorted(after) for _ in range(max(0, after[node] - before.get(node, 0)))
    ]
    losing = len(leaving) - len(arrivals)
    by_worth = sorted(
        leaving, key=lambda each: (each[1].ready, -each[1].created_at.timestamp(), each[1].key)
    )
    lost = {pod.uid for _, pod in by_worth[:losing]}
    targets = iter(arrivals)
    cap_of = {uid: len(formulation.budgets) + n for n, uid in enumerate(_controllers(formulation))}
    for node, pod in leaving:
        target = None if pod.uid in lost else next(targets)
        step = Step(
            wave=0,
            action=Action.EVICT if target is None else Action.MOVE,
            pod=pod.ref,
            source=formulation.nodes[node],
            target=None if target is None else formulation.nodes[target],
            owner=pod.owner,
            priority=pod.priority,
        )
        yield Change(
            step=step,
            demand=shape.demand,
            source=node,
            target=target,
            budgets=_draws(formulation, shape.budgets, step, cap_of),
            relations=formulation.related.get(pod.uid, frozenset()),
        )


def _draws(
    formulation: Formulation, budgets: tuple[int, ...], step: Step, cap_of: dict[Uid, int]
) -> tuple[int, ...]:
    """Return what a disruption draws on; a move also on what its controller lets be missing."""
    if step.action is not Action.MOVE:
        return budgets
    together = () if formulation.concurrent is None else (len(formulation.budgets) + len(cap_of),)
    own = () if step.owner is None else (cap_of[step.owner.uid],)
    return (*budgets, *own, *together)
