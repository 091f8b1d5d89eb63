"""The order of waves."""

import pytest

from restow.planning.plan import Action, Step
from restow.planning.waves import Change, Ground, fault, order
from tests.support.objects import a_pod


def change(
    size: int,
    source: int | None = None,
    target: int | None = None,
    *,
    budgets: tuple[int, ...] = (),
) -> Change:
    action = Action.PLACE if source is None else Action.MOVE if target is not None else Action.EVICT
    step = Step(wave=0, action=action, pod=a_pod().ref)
    return Change(step=step, demand=(size,), source=source, target=target, budgets=budgets)


def ground(*room: int, allowed: tuple[int, ...] = ()) -> Ground:
    return Ground(room=tuple((each,) for each in room), allowed=allowed)


def test_swap_of_two_pods_is_one_wave() -> None:
    changes = [change(2, 0, 1), change(2, 1, 0)]
    assert order(changes, ground(0, 0)) == ((0, 1),)


def test_chain_of_three_is_one_wave_because_departures_come_first() -> None:
    changes = [change(4, None, 0), change(4, 0, 1), change(4, 1, 2)]
    assert order(changes, ground(0, 0, 4)) == ((0, 1, 2),)


def test_budget_of_one_lets_one_pod_go_per_wave() -> None:
    changes = [change(1, 0, 1, budgets=(0,)), change(1, 0, 1, budgets=(0,)), change(2, None, 0)]
    waves = order(changes, ground(0, 2, allowed=(1,)))
    assert waves is not None
    assert [len([i for i in wave if i < 2]) for wave in waves] == [1, 1]
    assert 2 in waves[-1]


def test_pod_left_without_a_place_keeps_drawing_on_its_budget() -> None:
    evictions = [change(1, 0, None, budgets=(0,)), change(1, 0, None, budgets=(0,))]
    assert order([*evictions, change(2, None, 0)], ground(0, allowed=(1,))) is None
    assert order([*evictions, change(2, None, 0)], ground(0, allowed=(2,))) == ((0, 1, 2),)


def test_swap_within_a_budget_of_one_has_no_order() -> None:
    changes = [change(2, 0, 1, budgets=(0,)), change(2, 1, 0, budgets=(0,))]
    assert order(changes, ground(0, 0, allowed=(1,))) is None


def test_node_of_a_pending_pod_is_emptied_as_late_as_possible() -> None:
    # the pending pod needs both of node 0 (other budgets) and waits for two moves of budget 0
    changes = [
        change(4, None, 0),
        change(2, 0, 1, budgets=(0,)),
        change(2, 0, 1, budgets=(0,)),
        change(0, 0, 1, budgets=(1,)),
    ]
    waves = order(changes, ground(0, 4, allowed=(1, 1)))
    assert waves is not None
    assert 3 in waves[-1]
    assert fault(changes, ground(0, 4, allowed=(1, 1)), waves) is None


@pytest.mark.parametrize(
    ("waves", "complaint"),
    [
        (((0,), (1,)), "overfills"),
        (((1,),), "in no wave"),
    ],
    ids=["arrival before departure", "step forgotten"],
)
def test_fault_names_what_is_wrong(waves: tuple[tuple[int, ...], ...], complaint: str) -> None:
    changes = [change(2, None, 0), change(2, 0, 1)]
    assert complaint in (fault(changes, ground(0, 2), waves) or "")


def test_overfull_node_receives_nothing_until_it_fits() -> None:
    assert order([change(1, None, 0)], ground(-1)) is None
    assert order([change(1, None, 0), change(2, 0, 1)], ground(-1, 2)) == ((0, 1),)
