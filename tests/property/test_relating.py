"""Plans among pods that ask about each other: kube-scheduler's rules accept every arrival."""

import os

import pytest
from hypothesis import HealthCheck, assume, event, given, settings

from restow.cluster.snapshot import Snapshot
from restow.planning.plan import Action, Plan
from restow.planning.progress import Verdict
from restow.planning.stage import settle
from restow.rules.board import Board
from restow.rules.survey import Survey
from restow.simulation.cluster import Cluster
from restow.simulation.performer import Performer
from restow.simulation.run import Run
from tests.property.related import related_snapshots
from tests.support.decisions import a_policy, decided

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "60"))

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def refused(snapshot: Snapshot, plan: Plan) -> list[str]:
    """What the rules say against the arrivals, wave by wave, departures first."""
    board = Board(snapshot)
    found: list[str] = []
    for wave in range(plan.waves):
        steps = [step for step in plan.steps if step.wave == wave]
        for step in steps:
            board.take(step.pod.uid)
        arrivals = [
            (snapshot.pods[step.pod.key], step.target) for step in steps if step.target is not None
        ]
        found += [
            f"{arrivals[place][0].key} on {arrivals[place][1]}: {no.message}"
            for place, no in settle(board, arrivals).items()
        ]
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(related_snapshots())
def test_every_arrival_is_accepted_at_its_wave(snapshot: Snapshot) -> None:
    plan = decided(snapshot).plan
    assume(plan.steps)
    asking = any(snapshot.pods[step.pod.key].affinity for step in plan.steps)
    event(f"affinity {asking}, moves {any(s.action is Action.MOVE for s in plan.steps)}")
    assert refused(snapshot, plan) == []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(related_snapshots())
def test_an_undisturbed_plan_ends_where_it_said(snapshot: Snapshot) -> None:
    board = Board(snapshot)
    waiting = [pod for pod in snapshot.pods.values() if pod.node is None]
    assume(not any(Survey.of(pod, board).feasible() for pod in waiting))
    plan = decided(snapshot).plan
    assume(plan.steps)
    cluster = Cluster(snapshot)
    run = Run(cluster=cluster, performer=Performer(cluster), plan=plan, policy=a_policy())
    turn = run.to_the_end()
    assert cluster.breaches == []
    if not cluster.evictions and "would take the room of" in turn.reason:
        return  # a circle of moves is not begun while somebody waits for its room
    apart = plan.waves > 1 or len(plan.placed) > 1  # then not all pods leave at the same time
    if apart and plan.solve.disturbed.evictions and turn.verdict is Verdict.ABORTED:
        return  # the new pod of an evicted one may take a hole that is still to be filled
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, ""), turn.reason
    for step in plan.steps:
        if step.action is Action.PLACE:
            assert cluster.pods[step.pod.key].node == step.target
