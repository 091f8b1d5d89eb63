"""Which columns to use, in whole numbers: CP-SAT over those that an optimal plan can have.

With a bound of B on the gain, a plan that gains T uses no column whose reduced cost is worse than
B - T: such columns are left out.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from restow.packing.effort import work_of
from restow.packing.patterns.meter import Meter
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.columns import Column
from restow.rescheduling.pricing import Prices
from restow.rescheduling.problem import Ints
from restow.rescheduling.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A choice of columns that balances, with how often each is used.

    Parameters
    ----------
    gain
        Of all of them.
    """

    uses: tuple[tuple[Column, int], ...]
    gain: int

    @property
    def cost(self) -> int:
        """Return what all migrations cost."""
        return sum(column.cost * times for column, times in self.uses)

    @property
    def moves(self) -> int:
        """Return how many migrations there are."""
        return sum(column.moves * times for column, times in self.uses)


def near(columns: list[Column], value: Ints, prices: Prices, gap: int) -> list[Column]:
    """Return the columns whose reduced cost is at most `gap`.

    Parameters
    ----------
    value
        (rows,) worth of each row's best use under the prices.
    gap
        In `UNIT`s.
    """
    if not columns:
        return []
    rows = np.array([column.row for column in columns])
    moves = np.array([column.moves for column in columns])
    gains = np.array([column.gain for column in columns])
    paid = np.array(
        [sum(int(prices.hole[hole]) * many for hole, many in column.need) for column in columns]
    )
    short = value[rows] - (gains * UNIT - paid - prices.move * moves)
    return [columns[i] for i in np.flatnonzero(short <= gap)]


class Choosing:
    """A model that picks columns.

    Parameters
    ----------
    columns
        Those to pick from.
    """

    def __init__(self, table: Table, columns: list[Column], limit: int) -> None:
        self._table, self._columns = table, columns
        self._model = model = cp_model.CpModel()
        number = table.rows.number
        self._use = [model.new_int_var(0, int(number[column.row]), "") for column in columns]
        self._balance(limit)
        self._gain = cp_model.LinearExpr.weighted_sum(self._use, [c.gain for c in columns])

    def forbid(self, stuck: list[Column]) -> None:
        """Do not use all of these columns together."""
        marks = {id(column) for column in stuck}
        model, used = self._model, []
        for use, column in zip(self._use, self._columns, strict=True):
            if id(column) in marks:
                there = model.new_bool_var("")
                model.add(use == 0).only_enforce_if(~there)
                used.append(there)
        model.add_bool_or([~there for there in used])

    def start(self, chosen: Chosen) -> None:
        """Start the search from a choice."""
        used = {id(column): times for column, times in chosen.uses}
        self._model.clear_hints()  # type: ignore[no-untyped-call]  # ships none
        for use, column in zip(self._use, self._columns, strict=True):
            self._model.add_hint(use, used.get(id(column), 0))

    def most(self, target: int, meter: Meter, share: float) -> Chosen | None:
        """Return the choice of most gain; the search ends where it reaches `target`.

        Where it may take long it is worth to presolve, and a lighter linear program finds as much.
        """
        model = self._model
        model.maximize(self._gain)
        solver = meter.solver(share, presolved=share > LONG)
        if share > LONG:
            solver.parameters.linearization_level = 1
        status = solver.solve(model, _AtLeast(target))
        meter.book(work_of(solver))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return self._chosen(solver)

    def easiest(self, chosen: Chosen, meter: Meter, share: float) -> Chosen:
        """Return a choice of the same gain that costs little, few of whose arrivals must wait."""
        self.start(chosen)
        copy = self._model.clone()
        copy.add(self._gain >= chosen.gain)
        one = max(1, chosen.cost // max(1, chosen.moves))
        weights = [
            (column.waiting * WAIT * one + column.cost) * TIE + column.moves
            for column in self._columns
        ]
        copy.minimize(cp_model.LinearExpr.weighted_sum(self._use, weights))
        solver = meter.solver(share)
        status = solver.solve(copy)
        meter.book(work_of(solver))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return chosen
        return self._chosen(solver)

    def _balance(self, limit: int) -> None:
        model, columns, use = self._model, self._columns, self._use
        weighted = cp_model.LinearExpr.weighted_sum
        by_row: dict[int, list[int]] = {}
        for i, column in enumerate(columns):
            by_row.setdefault(column.row, []).append(i)
        for row, here in by_row.items():
            model.add(sum(use[i] for i in here) <= int(self._table.rows.number[row]))
        model.add(weighted(use, [column.moves for column in columns]) <= limit)
        lacks: dict[int, list[tuple[cp_model.IntVar, int]]] = defaultdict(list)
        for each, column in zip(use, columns, strict=True):
            for hole, many in column.need:
                lacks[hole].append((each, many))
        for small, large in self._table.holes.nested(np.array(sorted(lacks), np.int64)):
            into = model.new_int_var(0, limit, "")
            lacks[small].append((into, -1))
            lacks[large].append((into, 1))
        for terms in lacks.values():
            model.add(weighted(*map(list, zip(*terms, strict=True))) <= 0)

    def _chosen(self, solver: cp_model.CpSolver) -> Chosen:
        uses = tuple(
            (column, solver.value(use))
            for use, column in zip(self._use, self._columns, strict=True)
            if solver.value(use)
        )
        return Chosen(uses=uses, gain=sum(column.gain * times for column, times in uses))


LONG = 0.5
"""Share of the time left beyond which a search may take long."""

WAIT = 4
"""An arrival that must wait for a departure weighs as much as so many moves."""

TIE = 1000
"""A cost of one weighs as much as so many moves."""


class _AtLeast(cp_model.CpSolverSolutionCallback):
    """Ends the search at a target: CP-SAT does not by itself when a bound is met."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self._target = target

    def on_solution_callback(self) -> None:
        if self.objective_value >= self._target - 0.5:
            self.stop_search()
