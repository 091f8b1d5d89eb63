"""Solve one Problem in this process, level by level, and check the answer."""

from importlib.metadata import version

from restow.packing.choosing import ALONE, engine_for, solve_part
from restow.packing.clearing import warming as clearing
from restow.packing.climbing import climbed
from restow.packing.ladder import Budget, Report, untold
from restow.packing.outcome import Outcome
from restow.packing.patterns.compiled import COMPILES
from restow.packing.patterns.warming import warm
from restow.packing.problem import Problem
from restow.packing.regions.crew import Crew
from restow.packing.regions.team import Team, Workshop


def get_ready() -> None:
    """Compile what will be needed, or load it, so that no solve has to wait for it."""
    if COMPILES:
        warm()
        clearing.warm()


def versions() -> tuple[str, ...]:
    """Return what must be alike in two processes for equal work to give equal answers."""
    names = ("restow", "ortools", "numpy", "numba")
    return (*(f"{name} {version(name)}" for name in names), f"compiles {COMPILES}")


def crew_of(workshop: Workshop | None) -> Crew:
    """Return who solves the parts of large problems; this process alone without a workshop."""
    return ALONE if workshop is None else Team(solve_part, workshop)


def solve(  # noqa: PLR0913 - by name, all but two with defaults
    problem: Problem,
    *,
    budget_s: float,
    deterministic: bool = False,
    seed: int = 0,
    report: Report = untold,
    crew: Crew = ALONE,
) -> Outcome:
    """Return the best placement found within the time, with value, bound and proof per level.

    Parameters
    ----------
    budget_s
        Seconds of wall clock for all levels together, model building included.
    deterministic
        Count work instead of seconds, so that an unproven answer is repeatable too, whatever the
        machine does beside: CP-SAT's deterministic time, patterns, changes tried. One unit is about
        a second on an idle machine.
    seed
        Seed of the search. A proven answer still may be another one of equal value.
    report
        Is told every incumbent, the first one within half of the budget.
    crew
        Solves the parts of a large problem. Where work counts, its width changes nothing.

    Raises
    ------
    ModelError
        The model is invalid, or the checker refuses the answer: a bug.
    """
    budget = Budget(total=budget_s, deterministic=deterministic, seed=seed)
    return climbed(problem, budget, engine_for(problem, budget_s, crew), report=report)
