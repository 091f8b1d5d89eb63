"""What is told of the nodes on which no plan is sought is what there is."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.priority_matters.clusters import Shape, draw
from benchmarks.priority_matters.large import POLICY
from benchmarks.priority_matters.workloads import NOW
from restow.packing.fill import free_room, stay_fill
from restow.packing.incumbent import stay_put
from restow.packing.outcome import Level, LevelKind, Outcome, Status
from restow.packing.unsolved import narrowed
from restow.planning.beyond import PODS_PER_S, with_elsewhere
from restow.planning.formulate import formulate
from restow.planning.judge import Judge


@pytest.mark.parametrize("rules", [False, True])
def test_nodes_elsewhere_are_as_the_whole_problem_has_them(*, rules: bool) -> None:
    snapshot = draw(Shape(nodes=300, utilisation=0.93, rules=rules, seed=7))
    judge = Judge(snapshot=snapshot, policy=POLICY, now=NOW)
    near = with_elsewhere(formulate(snapshot, POLICY, NOW), judge)
    whole = formulate(snapshot, POLICY, NOW, whole=True)
    assert with_elsewhere(whole, judge) is whole
    assert near.problem.elsewhere is not None
    assert near.problem.resources == whole.problem.resources
    free = free_room(whole.problem, stay_fill(whole.problem))
    names = [name for name in whole.nodes if name not in near.nodes]
    assert len(names) == len(near.problem.elsewhere) > 0
    for name, (room, pods) in zip(names, near.problem.elsewhere, strict=True):
        n = whole.nodes.index(name)
        assert list(room) == free[n]
        there = Counter[tuple[tuple[int, ...], int | None, int]]()
        for shape in whole.problem.classes:
            there[shape.demand, shape.tier, shape.move_cost] += dict(shape.running).get(n, 0)
        assert Counter(pods) == +there


@pytest.mark.parametrize(("lacking", "bound"), [(0, 3), (1, 0)])
def test_a_bound_beyond_counts_only_where_every_pod_has_a_place(lacking: int, bound: int) -> None:
    snapshot = draw(Shape(nodes=20, utilisation=0.93, seed=1))
    problem = formulate(snapshot, POLICY, NOW).problem
    pending = sum(pods.pending for pods in problem.classes)
    running = sum(pods.count for pods in problem.classes) - pending
    seated = pending - lacking
    levels = (
        Level(kind=LevelKind.KEEP, tier=0, value=running, bound=running, proven=True),
        Level(kind=LevelKind.PLACE, tier=0, value=seated, bound=seated, proven=True),
        Level(kind=LevelKind.MOVE, tier=0, value=4, bound=4, proven=True, beyond=3),
    )
    outcome = Outcome(
        status=Status.FEASIBLE,
        placement=stay_put(problem),
        levels=levels,
        wall_s=0.0,
        engine="",
        spent=0.0,
    )
    found = narrowed(problem, outcome)
    assert found.levels[-1].bound == bound
    assert not found.levels[-1].proven


def test_with_little_time_for_so_many_pods_nodes_elsewhere_are_not_told_of() -> None:
    snapshot = draw(Shape(nodes=300, utilisation=0.93, seed=7))
    near = formulate(snapshot, POLICY, NOW)
    for seconds, told in ((len(snapshot.pods) / PODS_PER_S, True), (0.1, False)):
        spec = POLICY.spec.model_copy(update={"solve_time_limit_seconds": seconds})
        judge = Judge(snapshot=snapshot, policy=replace(POLICY, spec=spec), now=NOW)
        assert (with_elsewhere(near, judge).problem.elsewhere is not None) is told
