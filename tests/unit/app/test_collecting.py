"""No garbage collection while somebody waits for a plan."""

import asyncio
import gc

import pytest

from restow.app.collecting import uncollected
from restow.app.deciding import Deciding
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.planning.formulation import Usage
from tests.support.decisions import a_policy, solver
from tests.support.objects import NOW, a_node, a_pod, a_snapshot


def test_a_decision_is_made_without_collections_and_they_go_on_after_it() -> None:
    seen: list[bool] = []

    def watching(problem: Problem, budget_s: float) -> Outcome:
        seen.append(gc.isenabled())
        return solver(problem, budget_s)

    snapshot, policy = a_snapshot([a_pod("p")], [a_node("n")]), a_policy()
    assert gc.isenabled()
    asyncio.run(Deciding(watching).decide(policy, (policy,), snapshot, Usage(), NOW))
    assert seen == [False]
    assert gc.isenabled()


def test_collections_go_on_after_a_decision_that_fails() -> None:
    with pytest.raises(ValueError, match="no plan"), uncollected():
        raise ValueError("no plan")
    assert gc.isenabled()


def test_whoever_had_none_before_has_none_after() -> None:
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
