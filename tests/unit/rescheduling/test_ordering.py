"""Waves of migrations: what fits when, who steps aside, and what the checker refuses."""

from dataclasses import replace

import numpy as np
import pytest

from restow.core.errors import ModelError
from restow.rescheduling.check import check
from restow.rescheduling.compaction import compacted
from restow.rescheduling.ordering import Hole, Leaving, Step, order
from restow.rescheduling.problem import Group, Mover, MoverClass, Problem, Shape

SHAPE = Shape(requests=((4,),))


def a_problem(free: list[int], movers: list[tuple[int, int]], limit: int = 9) -> Problem:
    """Nodes with that much free, and movers as (node, size)."""
    sizes = sorted({size for _, size in movers})
    return Problem(
        free=tuple((room,) for room in free),
        kinds=tuple(MoverClass(modes=((size,),)) for size in sizes),
        movers=tuple(Mover(node=node, kind=sizes.index(size)) for node, size in movers),
        shapes=(SHAPE,),
        limit=limit,
    )


def move(problem: Problem, *moves: tuple[int, int]) -> tuple[list[Leaving], list[Hole]]:
    """Each as (mover, node): who leaves, and the hole for exactly that one."""
    leaving = [Leaving(node=problem.movers[m].node, needs=m, candidates=[m]) for m, _ in moves]
    holes = [
        Hole(node=node, needs=m, place=np.array(problem.size(problem.movers[m])))
        for m, node in moves
    ]
    return leaving, holes


def test_what_fits_at_once_is_one_wave() -> None:
    problem = a_problem([2, 2, 4], [(0, 2), (1, 2)])
    found = order(problem, *move(problem, (0, 2), (1, 2)))
    assert [(step.mover, step.wave) for step in found.steps] == [(0, 0), (1, 0)]
    assert check(problem, found.steps) == 2


def test_who_waits_for_room_comes_in_a_later_wave() -> None:
    problem = a_problem([0, 0, 2], [(0, 2), (1, 2)])
    found = order(problem, *move(problem, (0, 1), (1, 2)))
    assert [(step.mover, step.wave) for step in found.steps] == [(1, 0), (0, 1)]
    check(problem, found.steps)


def test_two_that_change_places_need_a_third_one_to_step_aside_to() -> None:
    problem = a_problem([0, 0, 2], [(0, 2), (1, 2)])
    found = order(problem, *move(problem, (0, 1), (1, 0)))
    assert found.stuck == frozenset()
    assert len(found.steps) == 3
    check(problem, found.steps)


def test_nobody_steps_aside_beyond_the_limit() -> None:
    problem = a_problem([0, 0, 2], [(0, 2), (1, 2)], limit=2)
    found = order(problem, *move(problem, (0, 1), (1, 0)))
    assert (found.steps, found.stuck) == ((), frozenset({0, 1}))


def test_one_of_several_that_are_the_same_fills_a_hole_where_it_may() -> None:
    problem = replace(
        a_problem([0, 2], [(0, 2), (0, 2), (1, 2)]), groups=(Group(movers=frozenset({0, 2})),)
    )
    leaving = [Leaving(node=0, needs=7, candidates=[0, 1])]
    found = order(problem, leaving, [Hole(node=1, needs=7, place=np.array([2]))])
    assert [step.mover for step in found.steps] == [1], "0 may not meet 2"


def test_waves_that_can_be_one_become_one() -> None:
    problem = a_problem([2, 2, 4], [(0, 2), (1, 2)])
    steps = (
        Step(mover=0, node=2, mode=0, wave=0),
        Step(mover=1, node=2, mode=0, wave=1),
    )
    assert {step.wave for step in compacted(problem, steps)} == {0}


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        ([(0, 1, 0), (1, 0, 0)], "overfills node 1"),
        ([(0, 2, 1), (1, 2, 0)], "out of order"),
        ([(0, 0, 0)], "migrates twice in wave 0, or not at all"),
        ([(0, 2, 0), (0, 1, 0)], "migrates twice"),
        ([(0, 2, 0), (1, 2, 1)], "overfills node 2"),
    ],
)
def test_the_checker_refuses(steps: list[tuple[int, int, int]], what: str) -> None:
    problem = a_problem([0, 0, 2], [(0, 2), (1, 2)])
    plan = [Step(mover=m, node=node, mode=0, wave=wave) for m, node, wave in steps]
    with pytest.raises(ModelError, match=what):
        check(problem, plan)


def test_the_checker_refuses_more_migrations_than_the_limit_and_foreign_nodes() -> None:
    problem = a_problem([0, 2], [(0, 2)], limit=0)
    step = Step(mover=0, node=1, mode=0, wave=0)
    with pytest.raises(ModelError, match="exceed the limit of 0"):
        check(problem, [step])
    tied = replace(problem, limit=1, kinds=(MoverClass(modes=((2,),), nodes=frozenset({0})),))
    with pytest.raises(ModelError, match="may not be on node 1"):
        check(tied, [step])


def test_the_checker_refuses_a_meeting_of_a_group() -> None:
    problem = replace(
        a_problem([0, 2], [(0, 2), (1, 2)]), groups=(Group(movers=frozenset({0, 1})),)
    )
    with pytest.raises(ModelError, match="meets one of its group"):
        check(problem, [Step(mover=0, node=1, mode=0, wave=0)])


def test_an_overfilled_node_has_no_place_in_a_problem() -> None:
    with pytest.raises(ModelError, match="less than nothing"):
        a_problem([-1], [(0, 2)])


def test_who_comes_back_has_earned_nothing_by_leaving() -> None:
    problem = a_problem([0, 2], [(0, 2)])
    leaves = replace(problem, movers=(replace(problem.movers[0], fee=-3),))
    there, back = Step(mover=0, node=1, mode=0, wave=0), Step(mover=0, node=0, mode=0, wave=1)
    assert check(leaves, [there]) == leaves.worth_now() + 3
    assert check(leaves, [there, back]) == leaves.worth_now()
