"""Which engine a problem goes to."""

from collections.abc import Callable
from dataclasses import dataclass

from restow.packing.effort import Engine
from restow.packing.model import Model
from restow.packing.patterns.compiled import COMPILES
from restow.packing.patterns.engine import Patterns
from restow.packing.patterns.frame import supports
from restow.packing.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An engine, not made yet, and its name for the record."""

    name: str
    make: Callable[[Problem], Engine]


CLASSES = Choice(name="cp-sat-classes", make=Model)
"""CP-SAT over classes of pods and nodes: knows every relation."""

PATTERNS = Choice(name="patterns", make=lambda problem: Patterns(problem, Model))
"""Patterns of nodes; hands over to CP-SAT over classes what it cannot decide."""


def engine_for(problem: Problem) -> Choice:
    """Return the pattern engine where it knows all of the problem and is compiled."""
    return PATTERNS if COMPILES and supports(problem) else CLASSES
