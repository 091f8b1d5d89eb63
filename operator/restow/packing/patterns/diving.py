"""Placements from the linear program: a pattern is fixed, the rest is solved again, and so on.

Column generation goes on in between (Sadykov et al. 2019): patterns that suit what is left are
rarely among those of the program at the root.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.packing.patterns.areas import sums_of
from restow.packing.patterns.arrays import Floats, Ints, Level
from restow.packing.patterns.knapsack import UNIT
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.pricing import HIGHEST, Descent, Whole, descent, evaluate, slack_of
from restow.packing.patterns.program import Program

ROUNDS = 4
"""Times that patterns are looked for between two that are fixed."""

NEARLY = 0.7
"""A weight from which a pattern is fixed along with the best one."""

PENALTY = 64.0
"""What a unit short of a limit costs on the way, in units of the goal."""

AT_ONCE = 8
"""Of so many sets of nodes that are left, one at least is settled at a time."""

LUCK = 0.5
"""By how much weights are changed at random, after the first dive."""

Used = list[list[tuple[int, Ints]]]


class Column(NamedTuple):
    """A pattern of a set of nodes in the program."""

    node: int
    pattern: Ints
    placed: Ints
    use: pywraplp.Variable


class Dive:
    """One descent from the root to a placement."""

    def __init__(
        self, level: Level, start: Iterable[tuple[int, Ints]], meter: Meter, seed: int
    ) -> None:
        self._level = level
        self._meter = meter
        self._rng = np.random.default_rng(seed)
        self._luck = LUCK if seed else 0.0
        self._at: Descent = descent(level)
        self._turn = 0
        self._most = level.pods.most.copy()
        self._least = level.pods.least.copy()
        self._rows_most = level.rows.most.copy()
        self._areas_most = level.areas.most.copy()
        self._number = level.nodes.number.copy()
        self._settled: Used = [[] for _ in self._number]
        self._columns: list[Column] = []
        self._program = Program(level)
        self._allow_lack()
        for node, pattern in start:
            self._add(node, pattern)

    def run(self) -> Used | None:
        """Return a placement that may break rows and limits of classes; None without time."""
        while self._number.any():
            if self._meter.over() or not self._solve():
                return None
            for column, count in self._chosen():
                self._settle(column, count)
        return self._settled

    def _allow_lack(self) -> None:
        """Let rows be broken for a penalty, and every node be empty."""
        program = self._program
        short = [(row, 1.0) for row, n in zip(program.pods, self._least, strict=True) if n]
        for row, sign in [*short, *((row, -1.0) for row in (*program.rows, *program.areas))]:
            lack = program.solver.NumVar(0.0, program.solver.infinity(), "")
            row.SetCoefficient(lack, sign)
            program.objective.SetCoefficient(lack, -PENALTY)
        for node in range(len(self._number)):
            self._add(node, np.zeros((len(self._level.pods.most), 2), np.int64))

    def _add(self, node: int, pattern: Ints) -> bool:
        use = self._program.add(node, pattern)
        if use is None:
            return False
        self._columns.append(Column(node, pattern.copy(), pattern.sum(axis=1), use))
        return True

    def _solve(self) -> bool:
        """Solve what is left by column generation."""
        for turn in range(ROUNDS + 1):
            if self._program.solve() is None:
                return False
            if turn == ROUNDS or self._meter.over() or not self._extend():
                break
        return True

    def _extend(self) -> bool:
        """Look for patterns that the program's prices favour; return whether there were any."""
        level, at = self._level, self._at
        duals = self._program.duals()
        left = level._replace(
            pods=level.pods._replace(most=self._most, least=self._least),
            nodes=level.nodes._replace(
                home=np.minimum(level.nodes.home, self._most),
                comers=np.minimum(level.nodes.comers, self._most),
                room=level.nodes.room * (self._number > 0)[:, None],
            ),
        )
        evaluate(
            left,
            at,
            Whole(_whole(duals.pods), _whole(duals.rows), _whole(duals.areas)),
            self._turn,
            slack_of(level, 0.0),
        )
        self._turn += 1
        self._meter.book_patterns(2 * len(self._number))
        better = self._program.favours(duals, at.pattern, 1e-6)
        found = False
        for node in np.flatnonzero(better & (self._number > 0)):
            pattern = at.pattern[node]
            if (pattern.sum(axis=1) <= self._most).all():
                found = self._add(int(node), pattern) or found
        return found

    def _chosen(self) -> list[tuple[Column, int]]:
        """Return the columns to fix: those at one or more, and the best of the others."""
        used = [(c, c.use.solution_value()) for c in self._columns]
        luck = 1.0 - self._luck * self._rng.random(len(used))
        ranked = sorted(
            ((x % 1.0 * luck[k], k) for k, (_, x) in enumerate(used) if 1e-6 < x % 1.0 < 1 - 1e-6),
            reverse=True,
        )
        whole = [(c, int(x + 1e-6)) for c, x in used if x > 1 - 1e-6]
        least = -(-int(self._number.sum()) // AT_ONCE)
        part = [used[k][0] for share, k in ranked if share >= NEARLY]
        if len(whole) + len(part) < least:
            part = [used[k][0] for _, k in ranked][: max(1, least - len(whole))]
        return [*whole, *((column, 1) for column in part)]

    def _settle(self, column: Column, count: int) -> None:
        """Fix a pattern, as often as it is possible."""
        level, node = self._level, column.node
        some = column.placed > 0
        count = min(count, int(self._number[node]))
        if some.any():
            count = min(count, int((self._most[some] // column.placed[some]).min()))
        if count <= 0:
            return
        self._settled[node].append((count, column.pattern))
        self._number[node] -= count
        self._most -= count * column.placed
        self._least = np.maximum(0, self._least - count * column.placed)
        sums = level.rows.placed @ column.placed + level.rows.moved @ column.pattern[:, 1]
        self._rows_most -= count * sums
        program = self._program
        program.sets[node].SetBounds(float(self._number[node]), float(self._number[node]))
        for c in np.flatnonzero(some):
            program.pods[c].SetBounds(float(self._least[c]), float(self._most[c]))
        for r in np.flatnonzero(sums):
            program.rows[r].SetBounds(-program.solver.infinity(), float(self._rows_most[r]))
        sums = sums_of(level.areas, node, column.placed)
        self._areas_most -= count * sums
        for a in np.flatnonzero(sums):
            program.areas[a].SetBounds(-program.solver.infinity(), float(self._areas_most[a]))
        self._drop_improper()

    def _drop_improper(self) -> None:
        """Take patterns out that are larger than what is left."""
        kept = []
        for column in self._columns:
            if self._number[column.node] and (column.placed <= self._most).all():
                kept.append(column)
            else:
                column.use.SetBounds(0.0, 0.0)
        self._columns = kept


def _whole(prices: Floats) -> Ints:
    return np.clip(np.rint(prices * UNIT), -HIGHEST * UNIT, HIGHEST * UNIT).astype(np.int64)
