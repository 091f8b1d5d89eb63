"""Grid C: from a parsed snapshot to the first complete plan, to better ones, and the next cycle."""

import time
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import product
from typing import Any, Final

from benchmarks.priority_matters import engines
from benchmarks.priority_matters.clusters import Shape, draw
from benchmarks.priority_matters.workloads import NOW
from restow.app.collecting import uncollected
from restow.app.deciding import solver_of
from restow.app.worker import Worker
from restow.cluster.snapshot import Snapshot
from restow.packing.disturbance import disturbance
from restow.packing.fill import fill_of, moves
from restow.packing.incumbent import greedy
from restow.packing.outcome import LevelKind, Outcome, Placement
from restow.packing.problem import Problem
from restow.packing.unsolved import narrowed
from restow.planning.beyond import with_elsewhere
from restow.planning.formulate import formulate
from restow.planning.formulation import Formulation
from restow.planning.judge import Judge
from restow.planning.recall import Recall
from restow.policies.coverage import Policy
from restow.policies.packing_policy import PackingPolicySpec

WARMING_S: Final = 5.0

POLICY = Policy(
    name="benchmark",
    spec=PackingPolicySpec.model_validate(
        {
            "limits": {
                "movesPerPlan": 5000,
                "movesPerHour": 5000,
                "evictionsPerPlan": 5000,
                "evictionsPerHour": 5000,
            },
            "moving": {"singleReplicas": True},
        }
    ),
)
"""Everything may move, so that nothing but the packing decides."""


def rows(
    nodes: list[int], seeds: range, utilisations: list[float], window_s: float
) -> Iterator[dict[str, Any]]:
    """Yield one row per cluster: sizes, utilisations, own sizes or templates, rules.

    Where not all pods fit there are four tiers, else one.
    """
    with Worker() as worker:
        _warm_up(worker)
        for seed, size, utilisation, templates, rules in product(
            seeds, nodes, utilisations, (0, 200), (False, True)
        ):
            shape = Shape(
                nodes=size,
                utilisation=utilisation,
                priorities=4 if utilisation > 1 else 1,
                templates=templates,
                rules=rules,
                seed=seed,
            )
            snapshot = draw(shape)
            if snapshot.unbound:
                yield _row(shape, snapshot, window_s, worker)


def _warm_up(worker: Worker) -> None:
    """Have a large problem solved, so that the processes beside the solver's have started."""
    snapshot = draw(Shape(nodes=1000, utilisation=0.93))
    worker.solve(formulate(snapshot, POLICY, NOW).problem, budget_s=WARMING_S, cap_s=None)


def _row(shape: Shape, snapshot: Snapshot, window_s: float, worker: Worker) -> dict[str, Any]:
    fresh, recall = replace(snapshot), Recall()  # nothing derived yet, as after parsing
    engines.forget_peak()
    with uncollected():  # as the operator decides
        began = time.perf_counter()
        formulation = formulate(fresh, POLICY, NOW, recall=recall)
        formulated = time.perf_counter() - began
        first = fill_of(_first(formulation.problem))
        complete = time.perf_counter() - began
        spec = POLICY.spec.model_copy(update={"solve_time_limit_seconds": window_s})
        judge = Judge(snapshot=fresh, policy=replace(POLICY, spec=spec), now=NOW)
        problem = with_elsewhere(formulation, judge).problem
        solver = solver_of(worker)
        began = time.perf_counter()
        outcome = solver(problem, window_s)
        seconds = time.perf_counter() - began
    return {
        "grid": "C",
        "nodes": shape.nodes,
        "pods_per_node": shape.pods_per_node,
        "priorities": shape.priorities,
        "utilisation": shape.utilisation,
        "templates": shape.templates,
        "rules": shape.rules,
        "seed": shape.seed,
        "window_s": window_s,
        "engine": outcome.engine,
        "pending": len(snapshot.unbound),
        "looked_at": len(formulation.nodes),
        "formulated_s": round(formulated, 3),
        "first_s": round(complete, 3),
        "first_moves": sum(moves(formulation.problem, first, c) for c in range(len(first))),
        "next_s": round(_next_cycle(fresh, _without_one(fresh), recall), 3),
        "report_s": round(_next_cycle(fresh, _with_one_unready(fresh, formulation), recall), 3),
        **_found(formulation, outcome),
        "seconds": round(seconds, 3),
        "rss_mib": engines.rss_mib(),
        "solver_mib": engines.pss_mib(engines.family(worker.pid())),
    }


def _found(formulation: Formulation, outcome: Outcome) -> dict[str, Any]:
    whole = outcome if formulation.whole else narrowed(formulation.problem, outcome)
    upset = disturbance(formulation.problem, outcome)
    places = [level for level in whole.levels if level.kind is LevelKind.PLACE]
    return {
        "placed": [level.value for level in places],
        "bound": [level.bound for level in places],
        "moves": upset.moves,
        "moves_bound": sum(
            level.bound
            for level in whole.levels
            if level.kind is LevelKind.MOVE and level.tier is not None
        ),
        "evictions": upset.evictions,
        "levels": [f"{x.kind}{x.tier}:{x.value}/{x.bound}" for x in whole.levels],
    }


def _next_cycle(before: Snapshot, after: Snapshot, recall: Recall) -> float:
    """Return the seconds from a snapshot in which one pod has changed to the first plan."""
    with uncollected():
        began = time.perf_counter()
        after.follow(before)
        _first(formulate(after, POLICY, NOW, recall=copy(recall)).problem)
        return time.perf_counter() - began


def _first(problem: Problem) -> Placement:
    return problem.start or greedy(problem)


def _without_one(snapshot: Snapshot) -> Snapshot:
    """Return the cluster when its first running pod has gone."""
    pods = dict(snapshot.pods)
    del pods[next(key for key, pod in pods.items() if pod.node is not None)]
    return replace(snapshot, pods=pods)


def _with_one_unready(snapshot: Snapshot, formulation: Formulation) -> Snapshot:
    """Return the cluster when a pod, on a node that was not looked at if there is one, fails."""
    near = set(formulation.nodes)
    running = [pod for pod in snapshot.pods.values() if pod.node is not None]
    pod = min(running, key=lambda each: (each.node in near, each.key))
    pods = {**snapshot.pods, pod.key: replace(pod, ready=False)}
    return replace(snapshot, pods=pods)
