"""From counts per class and node to concrete pods: who stays, who goes where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from restow.cluster.objects import Pod
from restow.core.errors import ModelError
from restow.core.ids import Uid
from restow.packing.outcome import Placement
from restow.packing.problem import PodClass
from restow.planning.formulation import Formulation, Members
from restow.planning.plan import Action, Step
from restow.planning.waves import Change, Ground
from restow.rules.machines import is_launcher

Routes = Mapping[int, Sequence[tuple[int, int]]]
"""Per class, (from, to) pairs of node indices: who goes where, where that matters."""

NO_ROUTES: Final[Routes] = MappingProxyType({})


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


def concretise(
    formulation: Formulation, placement: Placement, routes: Routes = NO_ROUTES
) -> Concrete:
    """Return the steps that turn the present into `placement`; deterministic.

    As many pods as possible stay where they are. Of interchangeable pods the longest pending one is
    placed first, and the unready and young ones give way first. `routes` says which of the targets
    pods that leave a node go to, for classes where the order of the waves rests on that.
    """
    placed: list[Change] = []
    moved: list[Change] = []
    evicted: list[Change] = []
    unplaced: list[Pod] = []
    first = len(formulation.budgets)
    caps = {uid: first + n for n, uid in enumerate(_controllers(formulation))}
    shapes = zip(formulation.problem.classes, formulation.members, placement, strict=True)
    for index, (shape, members, where) in enumerate(shapes):
        if shape.pending:
            targets = [node for node, count in where for _ in range(count)]
            served = members.pending[: len(targets)]
            unplaced.extend(members.pending[len(targets) :])
            placed.extend(_places(formulation, shape, served, targets))
        else:
            going = _going(members, dict(where), routes.get(index, ()))
            for change in _disruptions(formulation, shape, going, caps):
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
    limits, migrations = formulation.migrations, tuple[int, ...]()
    if limits is not None:
        migrations = (limits.parallel, *(limits.outbound for _ in formulation.nodes))
    together = () if formulation.concurrent is None else (formulation.concurrent,)
    return Ground(
        room=tuple(tuple(row) for row in room),
        allowed=(*problem.budgets, *caps, *migrations, *together),
    )


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


def _going(
    members: Members, after: dict[int, int], routes: Sequence[tuple[int, int]]
) -> list[tuple[Pod, int, int | None]]:
    """Return who leaves which node for which, None for those that are left without a place."""
    before = {node: len(pods) for node, pods in members.running}
    if routes:
        there = {node: iter(pods) for node, pods in members.running}
        return [(next(there[source]), source, target) for source, target in routes]
    leaving = [
        (node, pod)
        for node, pods in members.running
        for pod in pods[: max(0, len(pods) - after.get(node, 0))]
    ]
    arrivals = [
        node for node in sorted(after) for _ in range(max(0, after[node] - before.get(node, 0)))
    ]
    losing = len(leaving) - len(arrivals)
    by_worth = sorted(
        leaving, key=lambda each: (each[1].ready, -each[1].created_at.timestamp(), each[1].key)
    )
    lost = {pod.uid for _, pod in by_worth[:losing]}
    targets = iter(arrivals)
    return [(pod, node, None if pod.uid in lost else next(targets)) for node, pod in leaving]


def _disruptions(
    formulation: Formulation,
    shape: PodClass,
    going: Sequence[tuple[Pod, int, int | None]],
    caps: Mapping[Uid, int],
) -> Iterator[Change]:
    for pod, node, target in going:
        step = Step(
            wave=0,
            action=_action(pod, target),
            pod=pod.ref,
            source=formulation.nodes[node],
            target=None if target is None else formulation.nodes[target],
            owner=pod.owner,
            priority=pod.priority,
            vmi=pod.owner.name if pod.owner is not None and is_launcher(pod) else None,
        )
        yield Change(
            step=step,
            demand=shape.demand,
            source=node,
            target=target,
            budgets=(*shape.budgets, *_draws(formulation, step, node, caps)),
            relations=formulation.related.get(pod.uid, frozenset()),
            holding=step.action is Action.MIGRATE,
        )


def _action(pod: Pod, target: int | None) -> Action:
    """Return how a pod leaves its node.

    Raises
    ------
    ModelError
        A virtual machine is to be left without a place: a bug.
    """
    if not is_launcher(pod):
        return Action.EVICT if target is None else Action.MOVE
    if target is None:
        raise ModelError(f"{pod.key} runs a virtual machine, which is never evicted")
    return Action.MIGRATE


def _draws(
    formulation: Formulation, step: Step, source: int, caps: Mapping[Uid, int]
) -> tuple[int, ...]:
    """Return what a step draws on beside disruption budgets, as `ground` numbers it.

    A move on what its controller lets be missing, a migration on KubeVirt's limits; both on how
    many the policy lets be on their way.
    """
    if step.action is Action.EVICT:
        return ()
    parallel = len(formulation.budgets) + len(caps)
    last = parallel + (0 if formulation.migrations is None else 1 + len(formulation.nodes))
    together = () if formulation.concurrent is None else (last,)
    if step.action is Action.MIGRATE:
        return parallel, parallel + 1 + source, *together
    return (*(() if step.owner is None else (caps[step.owner.uid],)), *together)
