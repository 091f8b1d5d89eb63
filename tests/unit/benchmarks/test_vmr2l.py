"""The judge of rescheduling plans refuses what cannot be carried out, and what is not so."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.vmr2l.baselines import ENGINES
from benchmarks.vmr2l.instances import MalformedError, read
from benchmarks.vmr2l.replay import ReplayError, replay
from restow.packing.effort import Effort

Json = dict[str, Any]


def host(name: str, *free: int) -> Json:
    numa = [
        {
            "node": n,
            "total_cpu": 44,
            "free_cpu": cpu,
            "memory_huge_total_mb": 90112,
            "memory_huge_free_mb": cpu * 2048,
        }
        for n, cpu in enumerate(free)
    ]
    return {"node_id": name, "numa": numa}


def guest(name: str, on: str, numa: int, cpu: int) -> Json:
    parts = [
        {"node": n, "cpu": cpu, "mem_mb": cpu * 2048} for n in ((0, 1) if numa == 2 else (numa,))
    ]
    return {"instance_id": name, "host_id": on, "numa": parts}


@pytest.fixture
def machines(tmp_path: Path) -> Path:
    """Two machines: a small VM keeps 16 cores of the first in pieces, a friend is on the second."""
    document = {
        "cluster_list": [
            {
                "host_info": [host("a", 12, 0), host("b", 8, 0)],
                "vm_instance": [guest("v", "a", 0, 4), guest("w", "b", 0, 4)],
            }
        ],
        "conflict_sets": [],
    }
    path = tmp_path / "two.json"
    path.write_text(json.dumps(document))
    return path


def result(*moves: Json, after: int = 1, bound: int = 1, proven: bool = True) -> Json:
    return {
        "slots_before": 0,
        "slots_after": after,
        "bound": bound,
        "proven": proven,
        "moves": list(moves),
    }


def move(vm: str, to: list[Any], *, start: list[Any] | None = None, wave: int = 0) -> Json:
    return {"vm": vm, "from": start or ["a", 0], "to": to, "wave": wave}


def test_a_plan_that_can_be_carried_out_is_accepted(machines: Path) -> None:
    replay(machines, 1, result(move("v", ["b", 0])))


@pytest.mark.parametrize(
    ("told", "limit", "what"),
    [
        (result(move("v", ["b", 0])), 0, "exceed 0"),
        (result(move("v", ["b", 1])), 1, "overfills b/1"),
        (result(move("v", ["b", 2])), 1, "cannot stand on NUMA 2"),
        (result(move("v", ["a", 0])), 1, "stays where it is"),
        (result(move("v", ["b", 0], start=["b", 0])), 1, "is not at"),
        (result(move("v", ["b", 0]), after=2), 1, "slots_after is wrong"),
        (result(move("v", ["b", 0]), bound=0), 1, "more than the bound"),
        (result(move("v", ["b", 0]), bound=2), 1, "proven is wrong"),
        (result(move("v", ["b", 0], wave=1), move("w", ["a", 0], start=["b", 0])), 2, "order"),
    ],
)
def test_what_does_not_hold_is_refused(machines: Path, told: Json, limit: int, what: str) -> None:
    with pytest.raises(ReplayError, match=what):
        replay(machines, limit, told)


def test_foes_may_not_meet(machines: Path) -> None:
    document = json.loads(machines.read_text())
    document["conflict_sets"] = [[0, 1]]
    machines.write_text(json.dumps(document))
    with pytest.raises(ReplayError, match="meets its foes"):
        replay(machines, 1, result(move("v", ["b", 0])))


@pytest.mark.solver
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_every_engine_finds_the_one_move(machines: Path, engine: str) -> None:
    problem = read(machines).problem
    answer = ENGINES[engine](
        problem.__class__(
            free=problem.free,
            kinds=problem.kinds,
            movers=problem.movers,
            shapes=problem.shapes,
            groups=problem.groups,
            limit=1,
        ),
        Effort(seconds=2.0, work=None, seed=0),
    )
    assert (answer.before, answer.after) in {(0, 1), (0, 0)}
    assert engine.startswith(("pop", "cp-sat")) or answer.after == 1


def test_a_file_that_is_no_instance_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no.json"
    path.write_text('{"cluster_list": []}')
    with pytest.raises(MalformedError, match=r"no\.json"):
        read(path)
