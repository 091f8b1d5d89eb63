"""Plans of random clusters, carried out by the operator beside the real kube-scheduler."""

import pytest

from e2e.client import Client
from e2e.mirror import Mirrors
from e2e.operation import Operator
from e2e.whole_plans.draw import draw
from e2e.whole_plans.judge import placeholders
from e2e.whole_plans.play import Stage
from e2e.whole_plans.tally import Tally

pytestmark = pytest.mark.cluster

PLANS = 8
SEED = 1


@pytest.mark.timeout(600)
def test_plans_keep_their_word_or_name_who_came_between_and_leave_nothing_behind(
    cluster: Client, mirrors: Mirrors, operator: Operator
) -> None:
    """Every pod arrives where the plan wants it, or somebody else is named; no pod is lost."""
    stage, tally = Stage(cluster, mirrors), Tally()
    number = 0
    while tally.executed < PLANS:
        played = stage.play(draw(SEED, number))
        tally.add(played)
        assert not tally.wrong_of(played), f"{played.name}: {tally.wrong_of(played)}"
        number += 1
    assert placeholders(mirrors["Pod"].all()) == []
    assert tally.ends["Completed"] > PLANS // 2, tally.table()
