"""A plan counted in work is the same plan again, whatever the machine does beside."""

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.priority_matters.clusters import Shape, draw
from benchmarks.priority_matters.large import POLICY
from benchmarks.priority_matters.workloads import NOW
from restow.app.by_hand import plan_by_hand
from restow.app.worker import Worker
from restow.cluster.snapshot import Snapshot
from restow.packing.outcome import Status
from restow.planning.document import document

pytestmark = [pytest.mark.solver, pytest.mark.slow]

WORK = 0.2
BUSY = 2


def a_full_cluster(nodes: int, *, rules: bool) -> Snapshot:
    """A cluster in which not all pods fit: no engine proves its best plan within the work."""
    return draw(Shape(nodes=nodes, utilisation=1.03, priorities=2, rules=rules, seed=1))


def planned(snapshot: Snapshot, time_limit_s: float) -> str:
    """The plan as JSON, without the seconds it took."""
    with Worker() as worker:
        decision = plan_by_hand(
            snapshot,
            POLICY,
            (),
            worker=worker,
            time_limit_s=time_limit_s,
            now=NOW,
            work=WORK,
        )
    assert decision.plan.solve.outcome is Status.FEASIBLE
    body = document(decision.plan).model_dump(mode="json", by_alias=True, exclude_none=True)
    del body["status"]["solve"]["wallSeconds"]
    return json.dumps(body)


@contextmanager
def load() -> Iterator[None]:
    """Keep more processes busy than there are cores."""
    busy = [multiprocessing.get_context("spawn").Process(target=_spin) for _ in range(BUSY)]
    for each in busy:
        each.start()
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.join()


def _spin() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("nodes", "rules", "engine"),
    [(24, False, "patterns"), (16, True, "patterns"), (130, True, "regions")],
)
def test_under_load_and_with_another_time_limit_the_plan_is_the_same_to_the_byte(
    nodes: int, rules: bool, engine: str
) -> None:
    snapshot = a_full_cluster(nodes, rules=rules)
    first = planned(snapshot, time_limit_s=10.0)
    with load():
        again = planned(snapshot, time_limit_s=0.1)
    assert again == first
    assert f'"engine": "{engine}"' in first
