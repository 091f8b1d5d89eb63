"""Random pods, judged by the real kube-scheduler and by restow's rules, get the same answers."""

import pytest

from e2e.conform.asking import asked
from e2e.conform.judge import Disagreement, disagreements
from e2e.conform.oracle import oracle

pytestmark = pytest.mark.cluster

CASES = 1000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kube_scheduler_and_restow_agree_on_random_pods() -> None:
    wrong: list[Disagreement] = []
    with oracle() as scheduler:
        for judged in asked(scheduler, seed=1, cases=CASES):
            wrong += disagreements(judged)
    assert not wrong, "\n".join(map(str, wrong))
