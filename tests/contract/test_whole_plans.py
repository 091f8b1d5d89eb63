"""Plans of random clusters, carried out by the operator beside the real kube-scheduler."""

import pytest

from e2e.client import Client
from e2e.mirror import Mirrors
from e2e.operation import Operator
from e2e.whole_plans.draw import draw
from e2e.whole_plans.play import Stage
from e2e.whole_plans.tally import Tally

pytestmark = pytest.mark.cluster

PLANS = 10
SEED = 1


@pytest.mark.timeout(600)
def test_every_plan_keeps_its_word_or_names_who_came_between_and_leaves_nothing_behind(
    cluster: Client, mirrors: Mirrors, operator: Operator
) -> None:
    stage, tally, wrong = Stage(cluster, mirrors), Tally(), list[str]()
    number = 0
    while tally.executed < PLANS:
        played = stage.play(draw(SEED, number))
        tally.add(played)
        wrong += [f"{played.name}: {line}" for line in tally.wrong_of(played)]
        number += 1
    assert not wrong, "\n".join([*wrong, tally.table()])
    assert tally.ends["Completed"] > PLANS // 2, tally.table()
