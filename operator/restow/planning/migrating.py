"""From a packing problem to one of rescheduling, and from its steps back to a placement."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import gcd

from restow.fragmentation.shapes import TargetShape
from restow.packing.outcome import Placement
from restow.packing.problem import PodClass, Problem
from restow.packing.relations import Exclusion, Relation
from restow.planning.concretise import Routes
from restow.rescheduling.ordering import Step
from restow.rescheduling.problem import Group, Mover, MoverClass, Shape
from restow.rescheduling.problem import Problem as Migrations


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A problem of rescheduling, and which class each mover is of.

    Parameters
    ----------
    unit
        What one of the problem's worth is, in the main resources of the shapes by their weight.
    """

    migrations: Migrations
    classes: tuple[int, ...]
    unit: int


def translate(
    problem: Problem,
    shapes: Sequence[TargetShape],
    limit: int,
    *,
    fixed: frozenset[int],
    emptying: frozenset[int] = frozenset(),
) -> Translated:
    """Return the problem of making room for `shapes` by at most `limit` moves.

    Classes that may take each other's place are one kind there. Nodes that are overfilled now are
    left as they are. Pods that must not share a node are groups; whatever else pods ask of where
    others are, the caller judges.

    Parameters
    ----------
    fixed
        Classes that stay.
    emptying
        Nodes that are worth one while nobody who may move is on them.
    """
    room = free_of(problem, tuple(pods.running for pods in problem.classes))
    full = {n for n, row in enumerate(room) if any(amount < 0 for amount in row)}
    moving = [c for c, pods in enumerate(problem.classes) if c not in fixed and _may(problem, pods)]
    kinds: dict[tuple[object, ...], int] = {}
    kind_of = {}
    for c in moving:
        pods = problem.classes[c]
        kind_of[c] = kinds.setdefault((pods.demand, pods.allowed), len(kinds))
    movers = [
        (c, node)
        for c in moving
        for node, count in problem.classes[c].running
        if node not in full
        for _ in range(count)
    ]
    worth = [shape.weight * shape.requests.of(shape.main) for shape in shapes]
    unit = gcd(*worth) or 1
    nodes = len(problem.capacity)
    return Translated(
        migrations=Migrations(
            free=tuple(
                tuple(0 for _ in row) if n in full else tuple(row) for n, row in enumerate(room)
            ),
            kinds=tuple(_kind(problem.classes[c], nodes) for c in _first(kind_of)),
            movers=tuple(
                Mover(node=node, kind=kind_of[c], cost=problem.classes[c].move_cost)
                for c, node in movers
            ),
            shapes=tuple(
                _shape(problem, shape, each // unit)
                for shape, each in zip(shapes, worth, strict=True)
            ),
            emptied=tuple(int(n in emptying and n not in full) for n in range(nodes)),
            groups=tuple(_groups(problem.relations, [c for c, _ in movers])),
            limit=limit,
        ),
        classes=tuple(c for c, _ in movers),
        unit=unit,
    )


def placement_after(problem: Problem, translated: Translated, steps: Iterable[Step]) -> Placement:
    """Return where every class is after the steps."""
    there = [Counter(dict(pods.running)) for pods in problem.classes]
    at: dict[int, int] = {}
    for step in steps:
        c = translated.classes[step.mover]
        there[c][at.get(step.mover, translated.migrations.movers[step.mover].node)] -= 1
        there[c][step.node] += 1
        at[step.mover] = step.node
    return tuple(tuple(sorted((+counts).items())) for counts in there)


def routes_of(translated: Translated, steps: Iterable[Step]) -> Routes:
    """Return who goes where in the end, in the order in which they leave.

    Classes are interchangeable, but who of them fills which hole decides whether there is an order
    in which everybody holds their place until they have arrived.
    """
    last = {step.mover: step.node for step in steps}
    found: dict[int, list[tuple[int, int]]] = {}
    for mover, node in last.items():
        source = translated.migrations.movers[mover].node
        if source != node:
            found.setdefault(translated.classes[mover], []).append((source, node))
    return found


def stepping_aside(translated: Translated, steps: Iterable[Step]) -> frozenset[int]:
    """Return the classes of which somebody migrates twice, to wait elsewhere for a place.

    Among pods a circle is no matter, since they leave before they arrive; a virtual machine in it
    would need a plan of its own for each of its two migrations.
    """
    often = Counter(step.mover for step in steps)
    return frozenset(translated.classes[mover] for mover, times in often.items() if times > 1)


def free_of(problem: Problem, placement: Placement) -> list[list[int]]:
    """Return (nodes, resources) what a placement leaves free; negative where it overfills."""
    room = [list(row) for row in problem.capacity]
    for pods, there in zip(problem.classes, placement, strict=True):
        for node, count in there:
            for r, amount in enumerate(pods.demand):
                room[node][r] -= count * amount
    return room


def _may(problem: Problem, pods: PodClass) -> bool:
    return pods.movable and all(problem.budgets[b] > 0 for b in pods.budgets)


def _first(kind_of: dict[int, int]) -> Iterator[int]:
    """Yield the first class of each kind."""
    seen = set()
    for c, kind in kind_of.items():
        if kind not in seen:
            seen.add(kind)
            yield c


def _kind(pods: PodClass, nodes: int) -> MoverClass:
    everywhere = len(pods.allowed) == nodes
    return MoverClass(modes=(pods.demand,), nodes=None if everywhere else frozenset(pods.allowed))


def _shape(problem: Problem, shape: TargetShape, weight: int) -> Shape:
    request = tuple(shape.requests.of(name) for name in problem.resources)
    return Shape(requests=(request,), weight=weight, most=shape.most)


def _groups(relations: Iterable[Relation], classes: Sequence[int]) -> Iterator[Group]:
    """Yield who must not share a node; a little more than asked where not all exclude all."""
    for relation in relations:
        if isinstance(relation, Exclusion) and _by_node(relation.domains):
            parties = {*relation.carriers, *relation.targets}
            yield Group(movers=frozenset(m for m, c in enumerate(classes) if c in parties))


def _by_node(domains: Sequence[int]) -> bool:
    inside = [domain for domain in domains if domain >= 0]
    return len(set(inside)) == len(inside)
