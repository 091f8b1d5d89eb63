"""Which engine a problem goes to."""

from functools import partial

from restow.packing.climbing import Choice, climbed
from restow.packing.ladder import budget_of
from restow.packing.model import Model
from restow.packing.patterns.compiled import COMPILES
from restow.packing.patterns.engine import Patterns
from restow.packing.patterns.frame import supports
from restow.packing.problem import Problem
from restow.packing.regions.crew import Alone, Crew, Solved, Task
from restow.packing.regions.engine import Regions

LARGEST_MODEL, PAIRS_PER_S = 60_000, 10_000
"""Most pairs of a class and a node that may take it for CP-SAT over classes, in all and for each
second (or unit of work) there is: building the model takes some 10 to 30 microseconds for each, and
every call of the solver as much again."""

CLASSES = Choice(name="cp-sat-classes", make=Model)
"""CP-SAT over classes of pods and nodes: knows every relation."""

PATTERNS = Choice(name="patterns", make=lambda problem: Patterns(problem, Model))
"""Patterns of nodes; hands over to CP-SAT over classes what it cannot decide."""


def small_engine_for(problem: Problem) -> Choice:
    """Return the pattern engine where it knows all of the problem and is compiled."""
    return PATTERNS if COMPILES and supports(problem) else CLASSES


def solve_part(task: Task) -> Solved:
    """Return the best placement of a region found within the effort, never worse than its start."""
    budget = budget_of(task.effort)
    engine = small_engine_for(task.problem)
    outcome = climbed(task.problem, budget, engine, task.start, nodes=task.nodes)
    return Solved(placement=outcome.placement, spent=outcome.spent)


ALONE = Alone(solve_part)
"""This process solves one region after the other."""


def regions(crew: Crew = ALONE) -> Choice:
    """Return the engine of regions of a few nodes, each solved by one of the others."""
    return Choice(name="regions", make=partial(Regions, crew=crew))


def engine_for(problem: Problem, budget: float, crew: Crew = ALONE) -> Choice:
    """Return the engine for small problems, or that for those too large for the budget."""
    small = small_engine_for(problem)
    most = min(LARGEST_MODEL, PAIRS_PER_S * budget)
    return regions(crew) if small is CLASSES and _pairs(problem) > most else small


def _pairs(problem: Problem) -> int:
    return sum(len(each.allowed) + len(each.running) for each in problem.classes)
