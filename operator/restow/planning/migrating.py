"""From a packing problem to one of rescheduling, and from its steps back to a placement."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd

from restow.core.ids import Uid
from restow.packing.outcome import Placement
from restow.packing.problem import PodClass, Problem
from restow.packing.relations import Exclusion
from restow.planning.concretise import Routes
from restow.planning.formulation import Formulation
from restow.planning.goal import Goal
from restow.policies.rescheduling import Objective
from restow.rescheduling.ordering import Step
from restow.rescheduling.problem import Group, Mover, MoverClass, Shape
from restow.rescheduling.problem import Problem as Migrations
from restow.rules.move_cost import ORDINARY

HUNDREDTHS = 100
"""Where migrations have a price, gains are counted in so many parts of the smallest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """What rescheduling knows of nodes and pods beyond the packing problem.

    Parameters
    ----------
    costs
        Per pod that may move, of a migration (`rules.move_cost`).
    removable
        Indices of nodes that are as good as gone once all who may move have left.
    drained
        Indices of nodes that are to be drained.
    total
        (nodes,) of the main resource that Balance is about; empty for other objectives.
    """

    costs: Mapping[Uid, int]
    removable: frozenset[int] = frozenset()
    drained: frozenset[int] = frozenset()
    total: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A problem of rescheduling, and which class each mover is of.

    Parameters
    ----------
    unit
        What one of the problem's worth is: in the main resources of the shapes by their weight, or
        in nodes, or of Drain in pods.
    below
        Of Balance: worth of all nodes once they are at or below the bound.
    """

    migrations: Migrations
    classes: tuple[int, ...]
    unit: Fraction
    below: int = 0


def translate(
    formulation: Formulation,
    goal: Goal,
    terrain: Terrain,
    *,
    fixed: frozenset[int] = frozenset(),
    held: frozenset[Uid] = frozenset(),
) -> Translated:
    """Return the problem of what the goal asks for.

    Classes that may take each other's place are one kind there. Nodes that are overfilled now are
    left as they are. Pods that must not share a node are groups; whatever else pods ask of where
    others are, the caller judges.

    Parameters
    ----------
    fixed
        Classes that stay.
    held
        Pods that stay, of other classes.
    """
    return _Translation(formulation, goal, terrain, fixed, held).made()


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


@dataclass(slots=True)
class _Translation:
    formulation: Formulation
    goal: Goal
    terrain: Terrain
    fixed: frozenset[int]
    held: frozenset[Uid]
    room: list[list[int]] = field(init=False)
    full: set[int] = field(init=False)
    seats: list[tuple[int, int, Uid]] = field(init=False)
    kept: dict[int, set[int]] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        self.room = free_of(problem, tuple(pods.running for pods in problem.classes))
        self.full = {n for n, row in enumerate(self.room) if any(amount < 0 for amount in row)}
        self.seats, self.kept = [], {}
        for c, (pods, members) in enumerate(
            zip(problem.classes, self.formulation.members, strict=True)
        ):
            moves = c not in self.fixed and _may(problem, pods)
            for node, there in members.running:
                for pod in there:
                    if moves and node not in self.full and pod.uid not in self.held:
                        self.seats.append((c, node, pod.uid))
                    else:
                        self.kept.setdefault(c, set()).add(node)

    @property
    def problem(self) -> Problem:
        return self.formulation.problem

    def made(self) -> Translated:
        problem, worth = self.problem, self._worth()
        kinds: dict[tuple[object, ...], int] = {}
        kind_of = {}
        for c in sorted({c for c, _, _ in self.seats}):
            pods = problem.classes[c]
            kind_of[c] = kinds.setdefault((pods.demand, pods.allowed), len(kinds))
        classes = [c for c, _, _ in self.seats]
        return Translated(
            migrations=Migrations(
                free=tuple(
                    (*((0,) * len(row) if n in self.full else row), *more)
                    for n, (row, more) in enumerate(zip(self.room, worth.more, strict=True))
                ),
                kinds=tuple(self._kind(problem.classes[c], worth) for c in _first(kind_of)),
                movers=tuple(
                    Mover(
                        node=node,
                        kind=kind_of[c],
                        cost=self.terrain.costs[uid],
                        fee=self._fee(uid, worth) - worth.leaving.get(node, 0),
                    )
                    for c, node, uid in self.seats
                ),
                shapes=worth.shapes,
                emptied=tuple(worth.emptied.get(n, 0) for n in range(len(self.room))),
                groups=tuple(self._groups(classes)),
                limit=self.goal.limit,
            ),
            classes=tuple(classes),
            unit=worth.unit,
            below=worth.below,
        )

    def _worth(self) -> "_Worth":
        nothing: tuple[tuple[int, ...], ...] = ((),) * len(self.room)
        parts = HUNDREDTHS if self.goal.price else 1
        stays = self.full.union(*self.kept.values())
        match self.goal.objective:
            case Objective.DEFRAGMENT:
                each = [shape.weight * shape.takes.of(shape.main) for shape in self.goal.shapes]
                unit = gcd(*each) or 1
                shapes = tuple(
                    Shape(
                        requests=(tuple(shape.takes.of(r) for r in self.problem.resources),),
                        weight=worth // unit * parts,
                        most=shape.most,
                    )
                    for shape, worth in zip(self.goal.shapes, each, strict=True)
                )
                return _Worth(unit=Fraction(unit, parts), more=nothing, shapes=shapes)
            case Objective.CONSOLIDATE:
                emptied = dict.fromkeys(self.terrain.removable - stays, parts)
                return _Worth(unit=Fraction(1, parts), more=nothing, emptied=emptied)
            case Objective.DRAIN:
                drained = self.terrain.drained
                one = len(drained) + 1
                return _Worth(
                    unit=Fraction(1, one),
                    more=nothing,
                    emptied=dict.fromkeys(drained & self.terrain.removable - stays, 1),
                    leaving=dict.fromkeys(drained, one),
                    closed=drained,
                )
            case Objective.BALANCE:
                return self._balance()

    def _balance(self) -> "_Worth":
        """Return what makes nodes worth one below the bound, and keeps those there that are.

        Two resources stand beside the others, of which a pod takes as much as of the main one. Of
        the first a node has what it lacks to the bound; who is above it takes nobody in. Of the
        second it has as much more as nodes above the bound lack at most, so that nodes at or below
        the bound are those that have that much.
        """
        r = self.problem.resources.index(self.goal.shapes[0].main)
        slack = [
            row[r] - self.goal.spare(total)
            for row, total in zip(self.room, self.terrain.total, strict=True)
        ]
        most = max((-each for n, each in enumerate(slack) if n not in self.full), default=0)
        more = tuple(
            (0, 0) if n in self.full else (max(0, each), max(0, most + each))
            for n, each in enumerate(slack)
        )
        request = (*(0 for _ in self.problem.resources), 0, most)
        shapes = (Shape(requests=(request,), most=1),) if most > 0 else ()
        below = len(slack) - len(self.full) if shapes else 0
        return _Worth(
            unit=Fraction(1),
            more=more,
            shapes=shapes,
            closed=frozenset(n for n, each in enumerate(slack) if each < 0),
            main=r,
            below=below,
        )

    def _kind(self, pods: PodClass, worth: "_Worth") -> MoverClass:
        more = () if worth.main is None else (pods.demand[worth.main],) * 2
        nodes = frozenset(pods.allowed) - worth.closed
        everywhere = len(nodes) == len(self.room)
        return MoverClass(modes=((*pods.demand, *more),), nodes=None if everywhere else nodes)

    def _fee(self, uid: Uid, worth: "_Worth") -> int:
        """Return what moving a pod takes of the gain; at least something where it has a price."""
        cost = self.terrain.costs[uid]
        paid = round(self.goal.due * cost / ORDINARY / worth.unit)
        return max(1, paid) if self.goal.price and cost else paid

    def _groups(self, classes: Sequence[int]) -> Iterator[Group]:
        """Yield who must not share a node; a little more than asked where not all exclude all."""
        for relation in self.problem.relations:
            if isinstance(relation, Exclusion) and _by_node(relation.domains):
                parties = {*relation.carriers, *relation.targets}
                taken = (self.kept.get(c, set()) for c in parties)
                yield Group(
                    movers=frozenset(m for m, c in enumerate(classes) if c in parties),
                    taken=frozenset().union(*taken),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worth:
    """What counts.

    Parameters
    ----------
    more
        (nodes, resources) what is free of resources beside the problem's, if any.
    emptied, leaving
        Per node, what it is worth without movers, and what the departure of each is.
    closed
        Nodes that take nobody in.
    main
        Resource of which a mover takes as much of each of those beside.
    below
        Of Balance: worth of all nodes once they are at or below the bound.
    """

    unit: Fraction
    more: tuple[tuple[int, ...], ...]
    shapes: tuple[Shape, ...] = ()
    emptied: Mapping[int, int] = field(default_factory=dict)
    leaving: Mapping[int, int] = field(default_factory=dict)
    closed: frozenset[int] = frozenset()
    main: int | None = None
    below: int = 0


def _may(problem: Problem, pods: PodClass) -> bool:
    return pods.movable and all(problem.budgets[b] > 0 for b in pods.budgets)


def _first(kind_of: dict[int, int]) -> Iterator[int]:
    """Yield the first class of each kind."""
    seen = set()
    for c, kind in kind_of.items():
        if kind not in seen:
            seen.add(kind)
            yield c


def _by_node(domains: Sequence[int]) -> bool:
    inside = [domain for domain in domains if domain >= 0]
    return len(set(inside)) == len(inside)
