"""Plans of rescheduling on random clusters whose pods ask of where others are."""

import os
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from restow.fragmentation.shapes import TargetShape
from restow.planning.goal import Goal
from restow.planning.progress import Verdict
from restow.planning.reschedule import Rescheduled, reschedule
from restow.policies.rescheduling import Objective
from restow.simulation.cluster import Cluster
from restow.simulation.performer import Performer
from restow.simulation.run import Run
from tests.property.related import related_snapshots
from tests.property.test_relating import refused
from tests.support.decisions import a_policy, rescheduler
from tests.support.objects import NOW

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "60"))

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

goals = st.builds(
    Goal,
    shapes=st.sampled_from([1500, 2000, 3000, 4000]).map(
        lambda cpu: (TargetShape(requests=Amounts({"cpu": cpu})),)
    ),
    limit=st.integers(1, 4),
    objective=st.sampled_from(Objective),
    price=st.sampled_from([Fraction(0), Fraction(1, 2)]),
    drain=st.just(frozenset({NodeName("n0"), NodeName("n1")})),
    utilization=st.sampled_from([0.5, 0.75]),
)


def planned(snapshot: Snapshot, goal: Goal) -> Rescheduled:
    return reschedule(snapshot, a_policy(), goal, rescheduler, NOW)


@profile
@given(related_snapshots(), goals)
def test_every_arrival_is_accepted_and_the_limit_is_kept(snapshot: Snapshot, goal: Goal) -> None:
    plan = planned(snapshot, goal).plan
    event(f"moves {bool(plan.steps)}")
    assert len(plan.steps) <= goal.limit
    assert refused(snapshot, plan) == []


@profile
@given(related_snapshots(), goals)
def test_a_plan_that_is_carried_out_keeps_its_promise(snapshot: Snapshot, goal: Goal) -> None:
    bound = {key: pod for key, pod in snapshot.pods.items() if pod.node is not None}
    snapshot = replace(snapshot, pods=bound)
    found = planned(snapshot, goal)
    assume(found.plan.steps)
    cluster = Cluster(snapshot)
    turn = Run(
        cluster=cluster, performer=Performer(cluster), plan=found.plan, policy=a_policy()
    ).to_the_end()
    assert cluster.breaches == []
    event(f"ended {turn.verdict}")
    if turn.verdict is Verdict.COMPLETED:
        after = planned(cluster.snapshot(), Goal(shapes=goal.shapes, limit=0)).before
        assert after == found.after
