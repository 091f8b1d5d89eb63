"""The CP-SAT model: how many pods of each class stay at home and arrive at each node."""

from ortools.sat.python import cp_model

from restow.core.errors import ModelError
from restow.packing import constraints, encoders
from restow.packing.classes import in_order
from restow.packing.effort import Answer, Effort, work_of
from restow.packing.fill import Fill
from restow.packing.goals import Goal, Hold
from restow.packing.problem import Order, Problem
from restow.packing.variables import Counts, Linear, Variables, total

ROUNDING = 1e-6
"""CP-SAT reports integer bounds in floating point; below 2^53 they are off by far less."""


class Model:
    """A CP-SAT model of one Problem to which holds are added level by level."""

    near = True
    one_in = 2

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._x = Variables(problem=problem)
        self._holds: list[cp_model.IntVar] = []
        constraints.hold_capacity(self._x)
        constraints.balance_classes(self._x)
        constraints.respect_budgets(self._x)
        constraints.respect_limits(self._x)
        if problem.order is Order.RESTOW:
            constraints.justify_evictions(self._x)
        encoders.encode(self._x)
        self._interchangeable = constraints.break_symmetry(self._x)

    def hold(self, hold: Hold) -> int:
        """Add `hold` and return the name by which `drop` takes it out of force."""
        proto = self._x.proto
        active = proto.new_bool_var("")
        active.proto.domain[0] = 1
        value = self._expression(hold.goal)
        if hold.at_least is not None:
            proto.add(value >= hold.at_least).only_enforce_if(active)
        if hold.at_most is not None:
            proto.add(value <= hold.at_most).only_enforce_if(active)
        self._holds.append(active)
        return len(self._holds) - 1

    def drop(self, name: int) -> None:
        """Take a hold out of force."""
        active = self._holds[name]
        active.proto.domain[0] = 0
        active.proto.domain[1] = 0

    def optimise(
        self,
        goal: Goal,
        *,
        hint: Fill,
        limit: int,
        effort: Effort,
        nodes: frozenset[int] | None = None,
    ) -> Answer:
        """Solve for `goal` from `hint`, which must satisfy every hold in force.

        Parameters
        ----------
        limit
            A value that cannot be bettered; reaching it ends the search with a proof.
        nodes
            Nodes whose pods may change; all others keep what `hint` gives them, the fewest moves
            break ties, and the answer has no bound unless these are all nodes. None for all nodes
            and the goal alone.

        Raises
        ------
        ModelError
            CP-SAT calls the model invalid, or infeasible although `hint` satisfies it.
        """
        cut = self._aim(goal, limit, gently=nodes is not None)
        tidy = in_order(self._problem, hint, self._interchangeable)
        self._hint(tidy)
        fixed = self._fix(tidy, nodes) if nodes is not None else []
        solver = _solver(effort)
        status = solver.solve(self._x.proto)
        self.drop(cut)
        for variable, least, most in fixed:
            variable.proto.domain[0] = least
            variable.proto.domain[1] = most
        spent = work_of(solver)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            bound = self._bound(goal, solver.best_objective_bound, nodes)
            return Answer(fill=self._fill(solver), bound=bound, spent=spent)
        if status == cp_model.UNKNOWN:
            return Answer(fill=None, bound=None, spent=spent)
        raise ModelError(
            f"CP-SAT answers {solver.status_name(status)} at level {goal.kind} of tier {goal.tier}:"
            f" {self._x.proto.validate() or 'infeasible although the incumbent satisfies it'}"
        )

    def _aim(self, goal: Goal, limit: int, *, gently: bool) -> int:
        """Set the objective, and return the name of the hold that `limit` is not bettered."""
        proto = self._x.proto
        proto.clear_objective()  # type: ignore[no-untyped-call]  # not annotated in OR-Tools
        aim = self._gentle(goal) if gently else self._expression(goal)
        if goal.maximise:
            proto.maximize(aim)
            return self.hold(Hold(goal=goal, at_most=limit))
        proto.minimize(aim)
        return self.hold(Hold(goal=goal, at_least=limit))

    def _expression(self, goal: Goal) -> Linear:
        """Return the value of `goal`, linear in the variables."""
        parts: list[Linear | int] = [goal.constant]
        parts += [weight * self._x.placed(c) for c, weight in goal.placed.items()]
        parts += [weight * self._x.moved(c) for c, weight in goal.moved.items()]
        if goal.touched:
            self._x.watch_nodes()
            parts += [goal.touched * literal for literal in self._x.touched.values()]
        return total(parts)

    def _gentle(self, goal: Goal) -> Linear:
        """Return `goal` first, and then the number of moves."""
        running = [c for c, pods in enumerate(self._problem.classes) if pods.running]
        moves = total([self._x.moved(c) for c in running])
        first = self._scale() * self._expression(goal)
        return first - moves if goal.maximise else first + moves

    def _scale(self) -> int:
        """Return one more than the most moves there can be."""
        return 1 + sum(pods.count for pods in self._problem.classes if pods.running)

    def _bound(self, goal: Goal, reported: float, nodes: frozenset[int] | None) -> int | None:
        """Return what CP-SAT's bound of the objective says of `goal`; None if of a part only."""
        bound = _rounded(reported, up=not goal.maximise)
        if nodes is None:
            return bound
        if len(nodes) < len(self._problem.capacity):
            return None
        scale = self._scale()
        if goal.maximise:
            return (bound + scale - 1) // scale
        return -((scale - 1 - bound) // scale)

    def _hint(self, fill: Fill) -> None:
        """Hint every variable, literals included, so that the hint is complete."""
        x, hint = self._x, self._x.proto.add_hint
        x.proto.clear_hints()  # type: ignore[no-untyped-call]  # not annotated in OR-Tools
        receiving: set[int] = set()
        left: set[int] = set()
        counts = Counts(stay={}, arrive={})
        moving: set[int] = set()
        for (c, n), stay in x.stay.items():
            stayers = min(fill[c].get(n, 0), x.home[c][n])
            hint(stay, stayers)
            counts.stay[c, n] = stayers
            if stayers < x.home[c][n]:
                left.add(n)
        for (c, n), arrive in x.arrive.items():
            arriving = max(0, fill[c].get(n, 0) - x.home[c].get(n, 0))
            hint(arrive, arriving)
            counts.arrive[c, n] = arriving
            if arriving:
                receiving.add(n)
                moving.update(self._problem.classes[c].budgets)
        for literals, true in (
            (x.receives, receiving),
            (x.touched, receiving | left),
            (x.moves, moving),
        ):
            for index, literal in literals.items():
                hint(literal, index in true)
        for variable, value in x.derived:
            counts.derived[variable.index] = int(value(counts))
            hint(variable, counts.derived[variable.index])

    def _fix(self, fill: Fill, nodes: frozenset[int]) -> list[tuple[cp_model.IntVar, int, int]]:
        """Fix what happens on all nodes but `nodes`; return (variable, old limits) to undo it."""
        fixed = []
        for variables, at_home in ((self._x.stay, True), (self._x.arrive, False)):
            for (c, n), variable in variables.items():
                if n in nodes:
                    continue
                home = self._x.home[c].get(n, 0)
                there = fill[c].get(n, 0)
                value = min(there, home) if at_home else max(0, there - home)
                domain = variable.proto.domain
                fixed.append((variable, domain[0], domain[1]))
                domain[0] = domain[1] = value
        return fixed

    def _fill(self, solver: cp_model.CpSolver) -> Fill:
        fill: Fill = [{} for _ in self._problem.classes]
        for variables in (self._x.stay, self._x.arrive):
            for (c, n), variable in variables.items():
                if count := int(solver.value(variable)):
                    fill[c][n] = fill[c].get(n, 0) + count
        return fill


def _rounded(bound: float, *, up: bool) -> int:
    """Return the integer bound that a bound in floating point implies."""
    return -int((ROUNDING - bound) // 1) if up else int((bound + ROUNDING) // 1)


def _solver(effort: Effort) -> cp_model.CpSolver:
    """Return a single-threaded solver (two workers are CP-SAT's worst setting here)."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = effort.seed
    if effort.work is not None:
        solver.parameters.max_deterministic_time = effort.work
    if effort.seconds is not None:
        solver.parameters.max_time_in_seconds = effort.seconds
    return solver
