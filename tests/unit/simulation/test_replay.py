"""Virtual time: who is placed when, by whom, and that a stopped simulation goes on unchanged."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import pytest

from restow.core.errors import InputError
from restow.simulation.placing.names import PolicyName
from restow.simulation.replay.ledger import Json
from restow.simulation.replay.options import Variant
from restow.simulation.replay.planner import SharingPlanner
from restow.simulation.replay.replay import Replay
from restow.simulation.replay.simulate import key_of, simulate
from restow.simulation.replay.storing import Keeper
from tests.support.traces import OPTIONS, a_trace, drawn, replay_of

GPU = {"cpu": "1", "memory": "1Gi", "gpus": 1}


def arrives(at: float, name: str, **more: object) -> Json:
    return {"at": at, "arrives": name, **GPU, **more}


def test_a_pod_that_finds_no_room_starts_when_another_ends() -> None:
    trace = a_trace(
        arrives(0, "a", gpus=2),
        arrives(10, "b"),
        {"at": 70, "departs": "a"},
        {"at": 90, "ends": True},
    )
    replay = replay_of(trace)
    found = replay.run()["summary"]
    (sample,) = [each for each in replay.ledger.samples if each.at == 60]
    assert (sample.waiting, sample.asked, sample.waited) == (1, 1.0, 50.0)
    assert found["pendingSeconds"] == {"mean": 30.0, "p95": pytest.approx(57.0), "most": 60.0}
    assert found["waiting"] == pytest.approx(60 / 90)
    assert found["asked"] == pytest.approx(60 / 90)
    assert found["allocation"] == pytest.approx((70 * 2 + 20) / (90 * 2))


def test_of_pods_that_wait_the_highest_priority_is_tried_first_and_then_the_oldest() -> None:
    trace = a_trace(
        arrives(0, "a", gpus=2, runs=50),
        arrives(1, "low", gpus=2, runs=50),
        arrives(2, "high", gpus=2, runs=50, priority=5),
        arrives(3, "low-2", gpus=2, runs=50),
        {"at": 300, "ends": True},
    )
    replay = replay_of(trace)
    replay.run()
    assert replay.ledger.placed_at == {0: 0, 2: 50, 1: 100, 3: 150}


def test_a_pod_behind_one_that_does_not_fit_is_tried_all_the_same() -> None:
    trace = a_trace(
        arrives(0, "a"), arrives(1, "big", gpus=2), arrives(2, "small"), {"at": 9, "ends": True}
    )
    replay = replay_of(trace)
    replay.run()
    assert replay.ledger.placed_at == {0: 0, 2: 2}


def test_who_was_there_at_the_start_and_who_is_fixed_is_where_the_trace_has_them() -> None:
    trace = a_trace(
        {"node": "n2", "cpu": "64", "memory": "64Gi", "gpus": 2},
        arrives(0, "old"),
        {"at": 0, "placed": "old", "node": "n1", "devices": [1]},
        arrives(5, "daemon", fixed=True),
        {"at": 6, "placed": "daemon", "node": "n1"},
        arrives(7, "free"),
        {"at": 8, "placed": "free", "node": "n1"},
        {"at": 9, "ends": True},
    )
    replay = replay_of(trace)
    replay.run()
    seats = {p: (seat.node, seat.mask) for p, seat in replay.cluster.running.items()}
    assert seats[0] == (0, 2)
    assert seats[1] == (0, 1)
    assert seats[2][0] == 1, "node 0 has no device left, whatever the trace says"


def test_pods_are_on_nodes_of_their_models_and_groups_only() -> None:
    nodes = [
        {"node": f"m{n}", "cpu": "8", "memory": "8Gi", "gpus": 4, "model": model}
        for n, model in enumerate(["A", "B", "B"])
    ]
    trace = a_trace(
        *nodes,
        {"group": "g", "nodes": ["m0", "m1"]},
        *(arrives(0, f"b{n}", models=["B"], group="g") for n in range(4)),
        {"at": 1, "arrives": "cpu", "cpu": "1", "models": ["B"], "group": "g"},
        arrives(1, "nowhere", models=["B"], group="g"),
    )
    replay = replay_of(trace)
    replay.run()
    assert [replay.cluster.running[p].node for p in range(5)] == [2] * 5
    assert list(replay.cluster.waiting()) == [5]


def test_rescheduling_moves_no_more_than_allowed_and_none_within_its_cooldown() -> None:
    options = replace(OPTIONS, cooldown_s=1800)
    replay = replay_of(drawn(), PolicyName.RANDOM, 2, options)
    moved: list[tuple[float, int]] = []
    before = dict(replay.ledger.moved_at)
    while replay.step():
        now = replay.ledger.moved_at
        moved += [(at, pod) for pod, at in now.items() if before.get(pod) != at]
        before = dict(now)
    assert len(moved) == replay.ledger.migrations > 0
    for at, pod in moved:
        assert not [t for t, other in moved if other == pod and 0 < at - t < 1800]
    assert max(sum(t == at for t, _ in moved) for at, _ in moved) <= 2


@pytest.mark.parametrize("first", [{"share": 500}, {}], ids=["shared", "whole"])
def test_moves_let_pods_in_that_placement_alone_leaves_waiting(first: Json) -> None:
    """Shares are moved by the engine of shared devices, whole ones by the operator's own."""
    trace = a_trace(
        {"node": "n2", "cpu": "8", "memory": "32Gi", "gpus": 2},
        *(
            line
            for n in (0, 1)
            for line in (
                arrives(0, f"one{n}", **first),
                {"at": 0, "placed": f"one{n}", "node": f"n{n + 1}"},
            )
        ),
        arrives(1, "whole", gpus=2),
        {"at": 2000, "ends": True},
    )
    without = replay_of(trace).run()["summary"]
    looked = replay_of(trace, migrations=1).run()["summary"]
    packed = replay_of(trace, fallback=True).run()["summary"]
    assert without["neverPlaced"] == 1
    assert (looked["neverPlaced"], looked["migrations"]) == (0, 1)
    assert looked["pendingSeconds"]["most"] == 599
    assert packed["moves"] == {"PendingPods": 1}
    assert packed["pendingSeconds"]["most"] == 299


def test_means_leave_out_the_warm_up() -> None:
    trace = a_trace(arrives(50, "a", gpus=2), {"at": 100, "ends": True})
    assert replay_of(trace).run()["summary"]["allocation"] == 0.5
    warm = replay_of(trace, options=replace(OPTIONS, warm_up_s=50.0)).run()["summary"]
    assert warm["allocation"] == 1.0


@pytest.mark.parametrize("other", [{"share": 500}, {}], ids=["shared", "whole"])
def test_a_fixed_pod_without_a_place_in_the_trace_gets_none_from_a_plan_either(other: Json) -> None:
    trace = a_trace(
        arrives(0, "fixed", fixed=True), arrives(0, "other", **other), {"at": 900, "ends": True}
    )
    replay = replay_of(trace, migrations=1, fallback=True)
    replay.run()
    assert list(replay.cluster.running) == [1]


@pytest.mark.slow
@pytest.mark.parametrize("purpose", ["Rescheduling", "PendingPods"])
def test_the_operators_own_plans_are_the_same_bit_for_bit_also_after_a_stop(purpose: str) -> None:
    trace, dice = drawn(gpus=0, hours=2), Random(5)
    options = replace(OPTIONS, work=0.5)

    def begun() -> Replay:
        fallback = purpose == "PendingPods"
        limit = 0 if fallback else "30%"
        return replay_of(trace, PolicyName.RANDOM, limit, options, fallback=fallback)

    whole = begun().run()
    assert set(whole["summary"]["moves"]) == {purpose}
    assert whole["summary"]["migrations"] > 0
    replay = begun()
    while replay.step():
        if dice.random() < 0.02:
            kept = json.loads(json.dumps(replay.remember()))
            replay = begun()
            replay.recall(kept)
    assert json.dumps(replay.run()) == json.dumps(whole)


def test_the_operators_own_plans_leave_pods_where_they_may_not_be_moved() -> None:
    trace = a_trace(
        {"node": "n2", "cpu": "8", "memory": "32Gi", "gpus": 2},
        *(
            line
            for n in (0, 1)
            for line in (
                arrives(0, f"one{n}", movable=False),
                {"at": 0, "placed": f"one{n}", "node": f"n{n + 1}"},
            )
        ),
        arrives(1, "two", gpus=2),
        {"at": 2000, "ends": True},
    )
    assert replay_of(trace, migrations=2, fallback=True).run()["summary"]["migrations"] == 0


@pytest.mark.parametrize("policy", list(PolicyName))
def test_a_seed_gives_the_same_bit_for_bit(policy: PolicyName) -> None:
    trace = drawn(hours=1.5)
    first, second = (replay_of(trace, policy, "5%", fallback=True).run() for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_another_seed_breaks_ties_otherwise() -> None:
    trace = drawn(hours=1.5)
    other = replace(OPTIONS, seed=2)
    assert replay_of(trace).run() != replay_of(trace, options=other).run()


@pytest.mark.parametrize("policy", list(PolicyName))
def test_a_replay_goes_on_from_any_moment_as_if_it_had_not_stopped(policy: PolicyName) -> None:
    trace, dice = drawn(hours=1.5), Random(7)
    whole = replay_of(trace, policy, "5%", fallback=True).run()
    replay = replay_of(trace, policy, "5%", fallback=True)
    while replay.step():
        if dice.random() < 0.02:
            kept = json.loads(json.dumps(replay.remember()))
            replay = replay_of(trace, policy, "5%", fallback=True)
            replay.recall(kept)
    assert json.dumps(replay.run()) == json.dumps(whole)


class KilledError(Exception):
    """Nobody catches it."""


def test_a_simulation_that_is_killed_again_and_again_gives_the_result_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    trace, dice = drawn(hours=1.5), Random(3)
    variants = [
        Variant(policy=PolicyName.KUBE_SCHEDULER, migrations=limit) for limit in (0, "5%", 3)
    ]
    planner, key = SharingPlanner(work=OPTIONS.work, seed=1), key_of(trace, variants, OPTIONS)

    def told(keeper: Keeper, chance: float) -> Json:
        def tell(_variant: Variant, _part: float) -> None:
            if dice.random() < chance:
                raise KilledError

        return simulate(trace, variants, OPTIONS, planner, keeper=keeper, tell=tell)

    whole = told(Keeper(None, key), 0)
    deaths = 0
    while True:
        clock = count(0, 2).__next__  # each look at it finds it two seconds later
        try:
            resumed = told(Keeper(tmp_path / "state", key, clock), 0.02)
            break
        except KilledError:
            deaths += 1
    assert deaths > 3
    assert json.dumps(resumed) == json.dumps(whole)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no state of a simulation; remove it"),
        ('{"version": 1, "key": "other", "state": {}}', "is of another trace, other options or"),
    ],
)
def test_a_state_of_something_else_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "state").write_text(content)
    with pytest.raises(InputError, match=f"--state: .*{said}"):
        Keeper(tmp_path / "state", "key").load()


def test_a_state_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--state: .*cannot be written: No such file"):
        Keeper(tmp_path / "none" / "state", "key").save({})
