"""The solver with relations against every placement there is, and each relation by itself."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from restow.core.errors import ModelError
from restow.packing import encoders, incumbent
from restow.packing.choosing import CLASSES, PATTERNS
from restow.packing.climbing import climbed
from restow.packing.encoders import ENCODERS
from restow.packing.fill import fill_of
from restow.packing.judges import JUDGES, complaints
from restow.packing.judges.change import Change
from restow.packing.ladder import Budget
from restow.packing.outcome import Placement
from restow.packing.patterns.areas import sums
from restow.packing.patterns.frame import supports
from restow.packing.problem import Problem
from restow.packing.relations import (
    Attraction,
    Clash,
    Exclusion,
    Quota,
    Relation,
    Spread,
    Together,
)
from restow.packing.solve import solve
from tests.property.test_packing import problems, values
from tests.support.packing import Plan, Reference
from tests.support.relations import kept

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "200"))

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


T = TypeVar("T")


def some(classes: int, least: int = 1) -> st.SearchStrategy[tuple[int, ...]]:
    """Return sorted class indices."""
    return st.sets(st.integers(0, classes - 1), min_size=least).map(lambda s: tuple(sorted(s)))


@st.composite
def domains_of(draw: st.DrawFn, nodes: int) -> tuple[int, ...]:
    """Draw hostnames (often), zones, and nodes outside of every domain; numbered without gaps."""
    if draw(st.booleans()):
        return tuple(range(nodes))
    raw = draw(st.lists(st.sampled_from((0, 1, 0, 1, 2, -1)), min_size=nodes, max_size=nodes))
    number = {d: i for i, d in enumerate(sorted({*raw} - {-1}))}
    return tuple(number.get(d, -1) for d in raw)


def per_domain(domains: tuple[int, ...], each: st.SearchStrategy[T]) -> st.SearchStrategy[Any]:
    count = 1 + max(domains)
    return st.lists(each, min_size=count, max_size=count).map(tuple)


FIXED = st.sampled_from((0, 0, 0, 1, 2))


@st.composite
def exclusions(draw: st.DrawFn, nodes: int, classes: int) -> Exclusion:
    one, two = draw(some(classes)), draw(some(classes))
    targets = draw(st.sampled_from((one, two)))
    return Exclusion(domains=draw(domains_of(nodes)), carriers=one, targets=targets)


@st.composite
def attractions(draw: st.DrawFn, nodes: int, classes: int) -> Attraction:
    domains, one, two = draw(domains_of(nodes)), draw(some(classes)), draw(some(classes))
    seed = draw(st.booleans())
    return Attraction(
        domains=domains,
        needy=one,
        providers=draw(st.sampled_from((one, two))),
        fixed=draw(per_domain(domains, st.just(0) if seed else FIXED)),
        anchored=draw(per_domain(domains, st.sampled_from((False, False, True)))),
        seed=seed,
    )


@st.composite
def spreads(draw: st.DrawFn, nodes: int, classes: int) -> Spread:
    domains, one, two = draw(domains_of(nodes)), draw(some(classes)), draw(some(classes))
    counted = {*one, *two} if draw(st.booleans()) else {*two} - {*one}
    return Spread(
        domains=domains,
        counts_on=tuple(draw(st.sampled_from((True, True, True, False))) for _ in domains),
        carriers=one,
        counted=tuple(sorted(counted)),
        fixed=draw(per_domain(domains, FIXED)),
        max_skew=draw(st.integers(1, 2)),
        min_domains=draw(st.sampled_from((1, 1, 2, 3))),
        carried=draw(st.booleans()),
    )


@st.composite
def quotas(draw: st.DrawFn, nodes: int, classes: int) -> Quota:
    domains = draw(domains_of(nodes))
    units = tuple((c, draw(st.integers(1, 2))) for c in draw(some(classes)))
    return Quota(domains=domains, units=units, room=draw(per_domain(domains, FIXED)))


@st.composite
def groups(draw: st.DrawFn, nodes: int, classes: int) -> Together:
    return Together(classes=draw(some(classes)))


@st.composite
def clashes(draw: st.DrawFn, nodes: int, classes: int) -> Clash:
    domains = draw(domains_of(nodes))
    combination = some(classes).flatmap(
        lambda cs: st.tuples(*(st.tuples(st.just(c), st.integers(1, 2)) for c in cs))
    )
    pairs = st.tuples(st.sampled_from([d for d in domains if d >= 0] or [0]), combination)
    return Clash(domains=domains, forbidden=tuple(sorted(draw(st.sets(pairs, max_size=4)))))


KINDS: Mapping[type, Callable[[int, int], st.SearchStrategy[Relation]]] = {
    Exclusion: exclusions,
    Attraction: attractions,
    Spread: spreads,
    Quota: quotas,
    Together: groups,
    Clash: clashes,
}


@st.composite
def related(draw: st.DrawFn, only: type | None = None) -> Problem:
    problem = draw(problems())
    nodes, classes = len(problem.capacity), len(problem.classes)
    kinds = list(KINDS.values()) if only is None else [KINDS[only]]
    found = st.one_of([kind(nodes, classes) for kind in kinds])
    drawn = draw(st.lists(found, min_size=1, max_size=3))
    return replace(problem, relations=tuple(drawn))


@st.composite
def in_sums(draw: st.DrawFn) -> Problem:
    """Draw a problem with the relations that the pattern engine knows."""
    problem = draw(problems())
    nodes, classes = len(problem.capacity), len(problem.classes)
    apart = exclusions(nodes, classes).map(lambda each: replace(each, targets=each.carriers))
    found = st.one_of(apart, spreads(nodes, classes))
    return replace(problem, relations=tuple(draw(st.lists(found, min_size=1, max_size=3))))


class Related(Reference):
    """Every placement that also keeps the relations."""

    def _feasible(self, plan: Plan) -> bool:
        return super()._feasible(plan) and kept(self.problem, self.home, plan)


@profile
@given(related())
def test_with_relations_every_level_is_what_the_best_of_all_placements_has(
    problem: Problem,
) -> None:
    assert values(problem) == Related(problem).levels()


@profile
@given(in_sums())
def test_patterns_with_relations_find_and_prove_the_same(problem: Problem) -> None:
    assume(supports(problem))
    assert values(problem, PATTERNS) == Related(problem).levels()


@profile
@given(in_sums())
def test_every_placement_that_keeps_the_relations_keeps_the_sums_they_imply(
    problem: Problem,
) -> None:
    implied = sums(problem)
    for plan in Related(problem).plans:
        there = np.array(plan).T
        for each in implied:
            assert each.where @ there[:, list(each.classes)].sum(axis=1) <= each.most


@profile
@given(related())
def test_the_first_placement_keeps_every_relation(problem: Problem) -> None:
    placement = incumbent.greedy(problem)
    assert not broken(problem, placement)
    assert incumbent.tidied(problem, fill_of(placement)) == fill_of(placement)


@profile
@given(related(), st.data())
def test_judges_say_what_the_docstrings_say(problem: Problem, data: st.DataObject) -> None:
    reference = Reference(problem)
    plan = data.draw(st.sampled_from(reference.plans))
    rows: Placement = tuple(
        tuple((n, count) for n, count in enumerate(row) if count) for row in plan
    )
    assert (not broken(problem, rows)) == kept(problem, reference.home, plan)


def broken(problem: Problem, placement: Placement) -> list[str]:
    now = [dict(pods.running) for pods in problem.classes]
    change = Change(problem=problem, now=now, then=fill_of(placement))
    return list(complaints(problem.relations, change))


@settings(profile, max_examples=EXAMPLES // 2)
@given(related(), st.randoms(use_true_random=False))
def test_shuffled_relations_classes_and_nodes_give_the_same_values(
    problem: Problem, random: Any
) -> None:
    assert values(shuffled(problem, random)) == values(problem)


@settings(profile, max_examples=EXAMPLES // 4)
@given(related())
def test_the_same_problem_gives_the_same_placement(problem: Problem) -> None:
    one = solve(problem, budget_s=30.0, deterministic=True)
    two = solve(problem, budget_s=30.0, deterministic=True)
    assert one.placement == two.placement


def shuffled(problem: Problem, random: Any) -> Problem:
    old_nodes = list(range(len(problem.capacity)))
    random.shuffle(old_nodes)
    node = {old: new for new, old in enumerate(old_nodes)}
    old_classes = list(range(len(problem.classes)))
    random.shuffle(old_classes)
    to = {old: new for new, old in enumerate(old_classes)}

    def renamed(relation: Relation) -> Relation:
        changes: dict[str, Any] = {}
        for field in ("carriers", "targets", "needy", "providers", "counted", "classes"):
            if hasattr(relation, field):
                changes[field] = tuple(sorted(to[c] for c in getattr(relation, field)))
        for field in ("domains", "counts_on"):
            if hasattr(relation, field):
                changes[field] = tuple(getattr(relation, field)[old] for old in old_nodes)
        if isinstance(relation, Quota):
            changes["units"] = tuple(sorted((to[c], units) for c, units in relation.units))
        if isinstance(relation, Clash):
            changes["forbidden"] = tuple(
                sorted(
                    (domain, tuple(sorted((to[c], count) for c, count in pods)))
                    for domain, pods in relation.forbidden
                )
            )
        return replace(relation, **changes)

    turned = list(map(renamed, problem.relations))
    random.shuffle(turned)
    return replace(
        problem,
        capacity=tuple(problem.capacity[old] for old in old_nodes),
        relations=tuple(turned),
        classes=tuple(
            replace(
                problem.classes[c],
                allowed=tuple(sorted(node[n] for n in problem.classes[c].allowed)),
                running=tuple(sorted((node[n], k) for n, k in problem.classes[c].running)),
            )
            for c in old_classes
        ),
    )


def test_every_relation_has_an_encoder_and_a_judge_and_the_reverse() -> None:
    assert set(ENCODERS) == set(JUDGES) == set(KINDS) == set(get_args(Relation))


@pytest.fixture(params=get_args(Relation), ids=lambda kind: kind.__name__)
def unencoded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    """Switch one encoder off."""
    kind: type = request.param
    monkeypatch.setattr(encoders, "ENCODERS", {**ENCODERS, kind: lambda _relation, _x: None})
    return kind


def test_a_relation_without_its_encoder_is_found_out(unencoded: type) -> None:
    """The checker refuses what the solver then finds, or the values are off."""

    @settings(
        max_examples=400,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(related(only=unencoded))
    def search(problem: Problem) -> None:
        climbed(problem, Budget(total=30.0, deterministic=False, seed=0), CLASSES)

    with pytest.raises(ModelError):
        search()
