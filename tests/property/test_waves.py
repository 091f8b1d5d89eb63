"""Waves replayed one pod at a time, by other means than those that made them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restow.planning.plan import Action, Step
from restow.planning.waves import Change, Ground, order
from tests.support.objects import a_pod

pytestmark = pytest.mark.property

NODES = 4


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    made = []
    for _ in range(draw(st.integers(1, 8))):
        source = draw(st.one_of(st.none(), st.integers(0, NODES - 1)))
        others = st.sampled_from([node for node in range(NODES) if node != source])
        target = draw(others if source is None else st.one_of(st.none(), others))
        action = Action.PLACE if source is None else Action.MOVE if target else Action.EVICT
        made.append(
            Change(
                step=Step(wave=0, action=action, pod=a_pod().ref),
                demand=(draw(st.integers(0, 3)), draw(st.integers(0, 2))),
                source=source,
                target=target,
                budgets=() if source is None else draw(st.sampled_from(((), (0,), (1,)))),
            )
        )
    return made


grounds = st.builds(
    Ground,
    room=st.lists(
        st.tuples(st.integers(-1, 4), st.integers(0, 4)), min_size=NODES, max_size=NODES
    ).map(tuple),
    allowed=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)


@settings(max_examples=100, deadline=None)
@given(changes(), grounds)
def test_no_state_in_between_overfills_a_node_or_exceeds_a_budget(
    made: list[Change], ground: Ground
) -> None:
    waves = order(made, ground)
    if waves is None:
        return
    assert sorted(i for wave in waves for i in wave) == list(range(len(made)))
    room = [list(row) for row in ground.room]
    allowed = list(ground.allowed)
    for wave in waves:
        disturbed = [budget for i in wave for budget in made[i].budgets]
        assert all(disturbed.count(budget) <= allowed[budget] for budget in disturbed)
        for i in wave:
            if (source := made[i].source) is not None:
                room[source] = [a + b for a, b in zip(room[source], made[i].demand, strict=True)]
        for i in wave:
            if (target := made[i].target) is not None:
                room[target] = [a - b for a, b in zip(room[target], made[i].demand, strict=True)]
                assert min(room[target]) >= 0
            elif made[i].source is not None:
                for budget in made[i].budgets:
                    allowed[budget] -= 1


@settings(max_examples=60, deadline=None)
@given(changes(), grounds)
def test_without_budgets_whatever_fits_at_the_end_is_one_wave(
    made: list[Change], ground: Ground
) -> None:
    free = [Change(step=c.step, demand=c.demand, source=c.source, target=c.target) for c in made]
    room = [list(row) for row in ground.room]
    for each in free:
        for node, sign in ((each.source, 1), (each.target, -1)):
            if node is not None:
                room[node] = [a + sign * b for a, b in zip(room[node], each.demand, strict=True)]
    fits = all(min(room[c.target]) >= 0 for c in free if c.target is not None)
    waves = order(free, ground)
    assert (waves is not None) == fits
    if waves is not None:
        assert len(waves) == 1
