"""Which columns to use, in whole numbers: CP-SAT over those that good plans can have."""

from collections.abc import Callable, Sequence

from ortools.sat.python import cp_model

from restow.packing.effort import work_of
from restow.packing.patterns.meter import Meter
from restow.sharing.arrays import Fleet
from restow.sharing.columns import Column
from restow.sharing.nesting import Pairs

Tell = Callable[[list[Column]], None]
"""Is told a choice of columns."""


class Choosing:
    """Chooses among columns of one fleet.

    Parameters
    ----------
    workers
        Threads that CP-SAT may use.
    tell
        Is told each better choice on the way.
    """

    def __init__(self, fleet: Fleet, pairs: Pairs, workers: int, tell: Tell) -> None:
        self._fleet, self._pairs, self._workers, self._tell = fleet, pairs, workers, tell

    def choose(
        self, columns: Sequence[Column], start: Sequence[Column], meter: Meter, share: float
    ) -> bool:
        """Tell better and better choices; return whether none of these columns is better.

        Parameters
        ----------
        start
            A choice to start from.
        share
            Of what is left, for the search.
        """
        model = cp_model.CpModel()
        use = [model.new_bool_var("") for _ in columns]
        _constrain(model, self._fleet, self._pairs, columns, use)
        used = set(start)
        for column, var in zip(columns, use, strict=True):
            model.add_hint(var, column in used)
        solver = cp_model.CpSolver()
        meter.limit(solver, share)
        solver.parameters.num_workers = self._workers
        solver.parameters.linearization_level = 2
        solver.parameters.symmetry_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.random_seed = meter.effort.seed
        status = solver.solve(model, _Telling(columns, use, self._tell))
        meter.book(work_of(solver))
        return bool(status == cp_model.OPTIMAL)


class _Telling(cp_model.CpSolverSolutionCallback):
    """Hands over every choice found."""

    def __init__(self, columns: Sequence[Column], use: list[cp_model.IntVar], tell: Tell) -> None:
        super().__init__()
        self._columns, self._use, self._tell = columns, use, tell

    def on_solution_callback(self) -> None:
        pairs = zip(self._columns, self._use, strict=True)
        self._tell([column for column, var in pairs if self.boolean_value(var)])


def _constrain(
    model: cp_model.CpModel,
    fleet: Fleet,
    pairs: Pairs,
    columns: Sequence[Column],
    use: list[cp_model.IntVar],
) -> None:
    terms: list[list[tuple[cp_model.IntVar, int]]] = [[] for _ in fleet.pending]
    by_node: dict[int, list[cp_model.IntVar]] = {}
    goal = [
        (var, column.gain * MOVES - column.moves) for column, var in zip(columns, use, strict=True)
    ]
    for column, var in zip(columns, use, strict=True):
        by_node.setdefault(column.node, []).append(var)
        for kind, number in column.net:
            terms[kind].append((var, number))
    for here in by_node.values():
        model.add_at_most_one(here)
    for small, large in pairs:
        into = model.new_int_var(0, fleet.limit + len(columns), "")
        terms[small].append((into, 1))
        terms[large].append((into, -1))
        lost = int(fleet.kinds.gain[large] - fleet.kinds.gain[small])
        goal.append((into, -lost * MOVES))
    weighted = cp_model.LinearExpr.weighted_sum
    for kind, balance in enumerate(terms):
        empty = model.new_int_var(0, fleet.limit + len(columns), "")
        balance.append((empty, -1))
        goal.append((empty, -int(fleet.kinds.gain[kind]) * MOVES))
        net = weighted([var for var, _ in balance], [number for _, number in balance])
        model.add_linear_constraint(net, 0, int(fleet.pending[kind]))
    model.add(weighted(use, [column.moves for column in columns]) <= fleet.limit)
    model.maximize(weighted([var for var, _ in goal], [worth for _, worth in goal]))


MOVES = 10
"""A tenth of a thousandth of a device is not worth a move."""
