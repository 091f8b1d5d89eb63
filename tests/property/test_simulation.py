"""Laws of the virtual cluster, on random traces: nobody is lost, and nothing is overfilled."""

import json
import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restow.simulation.placing.names import PolicyName
from restow.simulation.replay.replay import Replay
from restow.simulation.traces.reading import parse
from restow.simulation.traces.trace import Arrival, Departure, Trace
from tests.support.traces import HEADER, replay_of, text_of

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "60"))

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)

ASKED: list[dict[str, Any]] = [
    {"cpu": "1", "memory": "1Gi"},
    {"cpu": "2", "gpus": 1, "share": 300},
    {"cpu": "1", "gpus": 1, "share": 600, "models": ["A"]},
    {"cpu": "3", "memory": "2Gi", "gpus": 1},
    {"cpu": "4", "gpus": 2, "priority": 3},
    {},
]


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Draw up to three nodes, and twenty pods of which some run for a while and some depart."""
    told: list[dict[str, Any]] = [
        {
            "node": f"n{n}",
            "cpu": str(draw(st.integers(3, 8))),
            "memory": f"{draw(st.integers(2, 8))}Gi",
            "gpus": draw(st.integers(0, 3)),
            "model": draw(st.sampled_from("AB")),
        }
        for n in range(draw(st.integers(1, 3)))
    ]
    nodes, at = len(told), 0.0
    leaving: list[str] = []
    for p in range(draw(st.integers(1, 20))):
        at += draw(st.sampled_from([0, 0, 40, 250]))
        runs = draw(st.sampled_from([None, 100.0, 700.0]))
        pod: dict[str, Any] = {"at": at, "arrives": f"p{p}", **draw(st.sampled_from(ASKED))}
        told.append(pod if runs is None else {**pod, "runs": runs})
        if at == 0 and draw(st.booleans()):
            where = f"n{draw(st.integers(0, nodes - 1))}"
            told.append({"at": 0, "placed": f"p{p}", "node": where})
        if runs is None:
            leaving.append(f"p{p}")
        goes: bool = draw(st.booleans())
        if leaving and goes:
            told.append({"at": at, "departs": leaving.pop(0)})
    return parse(text_of(HEADER, *told, {"at": at + 1000, "ends": True}), "t")


policies = st.sampled_from(list(PolicyName))
limits = st.sampled_from([0, 1, "50%"])


def judge(replay: Replay) -> None:
    """Book every pod that runs anew, from the trace alone."""
    room = [[node.cpu_m, node.memory_mib] for node in replay.trace.nodes]
    free = [[1000] * node.devices for node in replay.trace.nodes]
    for pod, seat in replay.cluster.running.items():
        asked = replay.trace.pods[pod]
        room[seat.node][0] -= asked.cpu_m
        room[seat.node][1] -= asked.memory_mib
        held = [d for d in range(40) if seat.mask >> d & 1]
        assert len(held) == asked.devices
        for device in held:
            free[seat.node][device] -= asked.milli
        assert asked.models is None or replay.trace.nodes[seat.node].model in asked.models
    assert min(min(left) for left in room) >= 0
    assert min((milli for left in free for milli in left), default=0) >= 0


@profile
@given(traces(), policies, limits, st.booleans())
def test_nothing_is_ever_overfilled_and_every_arrival_runs_waits_or_has_gone(
    trace: Trace, policy: PolicyName, limit: int | str, fallback: bool
) -> None:
    replay = replay_of(trace, policy, limit, fallback=fallback)
    while replay.step():
        judge(replay)
        came = [e.pod for e in trace.events[: replay.progress] if isinstance(e, Arrival)]
        gone = {e.pod for e in trace.events[: replay.progress] if isinstance(e, Departure)}
        waiting = set(replay.cluster.waiting())
        running = set(replay.cluster.running)
        assert not running & waiting
        for pod in came:
            runs_s, began = trace.pods[pod].runs_s, replay.ledger.placed_at.get(pod)
            over = began is not None and runs_s is not None and began + runs_s < replay.now
            ending = began is not None and runs_s is not None and began + runs_s == replay.now
            there = (pod in running) + (pod in waiting)
            assert there == (not (pod in gone or over)) or (ending and there == 0)
        assert (running | waiting) <= set(came)


@profile
@given(traces(), policies, limits, st.booleans(), st.data())
def test_a_seed_gives_the_same_also_when_it_is_left_off_and_gone_on_with(
    trace: Trace, policy: PolicyName, limit: int | str, fallback: bool, data: st.DataObject
) -> None:
    whole = replay_of(trace, policy, limit, fallback=fallback).run()
    replay = replay_of(trace, policy, limit, fallback=fallback)
    for _ in range(data.draw(st.integers(0, 60))):
        replay.step()
    again = replay_of(trace, policy, limit, fallback=fallback)
    again.recall(json.loads(json.dumps(replay.remember())))
    assert json.dumps(again.run()) == json.dumps(whole)


@profile
@given(traces(), policies)
def test_what_is_counted_is_what_the_pods_ask_for(trace: Trace, policy: PolicyName) -> None:
    replay = replay_of(trace, policy)
    while replay.step():
        for counts, pods in (
            (replay.cluster.used, replay.cluster.running),
            (replay.cluster.asked, list(replay.cluster.waiting())),
        ):
            asked = [trace.pods[pod] for pod in pods]
            assert counts[0] == sum(pod.devices * pod.milli for pod in asked)
    classes = Counter(replay.cluster.sorted.kind)
    assert sum(classes.values()) == len(trace.pods)
