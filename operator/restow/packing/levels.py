"""The order of the levels, and what each one holds for those after it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from restow.packing import goals, ranks
from restow.packing.fill import placed
from restow.packing.goals import Goal, Hold, counting
from restow.packing.ladder import Ladder
from restow.packing.outcome import Level, LevelKind
from restow.packing.problem import Order, Problem


def expected(problem: Problem) -> int:
    """Return the number of levels, those of ranks and look-aheads left out."""
    return 2 * len(problem.tiers) + (0 if problem.order is Order.PAPER else len(problem.tiers) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A level on its way into the outcome.

    Parameters
    ----------
    trusted
        Whether all look-aheads and shares before it are proven; they are levels in all but name.
    goals
        By which it is valued again in the end; empty if it stands as it is.
    """

    level: Level
    trusted: bool
    goals: tuple[Goal, ...] = ()


def climb_all(ladder: Ladder, *, nodes: bool = True) -> tuple[Level, ...]:
    """Climb every level of the problem's order and return them, valued in the last incumbent.

    Without `nodes` the last one, NODES, is left out: no other is better for it. A level that was
    left unproven may have gained since; its bound stays valid.
    """
    ladder.expect(expected(ladder.problem))
    if ladder.problem.order is Order.PAPER:
        rungs = list(_paper(ladder))
    else:
        rungs = list(_restow(ladder))
        rungs += [_frozen(ladder, goals.nodes())] if nodes else []
    levels, proven = [], True
    for rung in rungs:
        level = rung.level
        if rung.goals and not level.proven:
            value = sum(goal.value(ladder.problem, ladder.incumbent) for goal in rung.goals)
            level = replace(level, value=value)
        proven = proven and level.value == level.bound and rung.trusted
        levels.append(replace(level, proven=proven))
    return tuple(levels)


def _frozen(ladder: Ladder, goal: Goal) -> Rung:
    level = ladder.climb(goal)
    ladder.freeze(goal, level)
    return Rung(level=level, trusted=ladder.trusted, goals=(goal,))


def _paper(ladder: Ladder) -> Iterator[Rung]:
    """Per tier: place as many as possible, evicting equals if need be; then disturb least."""
    for tier in range(len(ladder.problem.tiers)):
        yield _frozen(ladder, goals.place_all(ladder.problem, tier))
        yield _frozen(ladder, goals.disturb(ladder.problem, tier))


def _restow(ladder: Ladder) -> Iterator[Rung]:
    """Per tier: keep, place, ranks; then moves per tier."""
    problem = ladder.problem
    for tier in range(len(problem.tiers)):
        yield from _tier(ladder, tier)
    for tier in range(len(problem.tiers)):
        yield _frozen(ladder, goals.move(problem, tier))
    if goals.costs_differ(problem):
        yield _frozen(ladder, goals.move_count(problem))


def _tier(ladder: Ladder, tier: int) -> Iterator[Rung]:
    problem = ladder.problem
    kept = goals.keep(problem, tier)
    first, trusted = ladder.climb(kept), ladder.trusted
    holds = [ladder.freeze(kept, first)]
    seated = goals.place(problem, tier, preempts=True)
    second = ladder.climb(seated)
    holds.append(ladder.freeze(seated, second))
    meek = goals.place(problem, tier, preempts=False)
    if meek.placed:
        ahead = _look_ahead(ladder, tier)
        third = ladder.climb(meek)
        holds.append(ladder.freeze(meek, third))
        for hold in ahead:
            ladder.drop(hold)
        second = _joined(second, third)
    contest = ranks.contested(problem, tier) and not _all_placed(ladder, tier)
    yield Rung(level=first, trusted=trusted, goals=() if contest else (kept,))
    yield Rung(level=second, trusted=ladder.trusted, goals=() if contest else (seated, meek))
    if contest:
        yield from _ranked(ladder, tier, holds)


def _joined(first: Level, second: Level) -> Level:
    """Return both counts of one level as one; valid because the second holds the first."""
    return Level(
        kind=first.kind,
        tier=first.tier,
        value=first.value + second.value,
        bound=first.bound + second.bound,
        proven=first.proven and second.proven,
    )


def _look_ahead(ladder: Ladder, tier: int) -> list[Hold]:
    """Hold what the lower tiers can keep if nothing more of `tier` is placed."""
    holds = []
    for lower in range(tier + 1, len(ladder.problem.tiers)):
        kept = goals.keep(ladder.problem, lower)
        level = ladder.glance(kept)
        holds.append(ladder.hold(Hold(goal=kept, at_least=level.value)))
    return holds


def _all_placed(ladder: Ladder, tier: int) -> bool:
    return all(
        placed(ladder.incumbent, c) == pods.count
        for c, pods in enumerate(ladder.problem.classes)
        if pods.tier == tier
    )


def _ranked(ladder: Ladder, tier: int, holds: list[Hold]) -> Iterator[Rung]:
    """Share the tier's places out inside its contested groups, as `ranks` describes."""
    problem = ladder.problem
    fought = ranks.contested(problem, tier)
    settled = _shares(ladder, tier, fought)
    entitled = _entitled(ladder, tier, fought)
    ahead = _look_ahead(ladder, tier) if _meek(problem, tier) else []
    for hold in (*holds, *settled):
        ladder.drop(hold)
    for hold in entitled:
        ladder.hold(hold)
    for group in fought:
        members = ranks.groups(problem)[tier, group]
        for rank in ranks.ranks(problem, members):
            same = [c for c in members if problem.classes[c].rank == rank]
            kept = _frozen(ladder, _count(tier, ranks.running(problem, same)))
            seated = _frozen(ladder, _count(tier, ranks.waiting(problem, same)))
            yield Rung(
                level=_joined(kept.level, seated.level),
                trusted=ladder.trusted,
                goals=(*kept.goals, *seated.goals),
            )
    every = [c for c, pods in enumerate(problem.classes) if pods.tier == tier]
    yield _frozen(ladder, _count(tier, every))
    for hold in ahead:
        ladder.drop(hold)


def _count(tier: int, classes: Iterable[int]) -> Goal:
    return counting(LevelKind.RANK, tier, classes)


def _meek(problem: Problem, tier: int) -> bool:
    return any(p.tier == tier and p.pending and not p.preempts for p in problem.classes)


def _shares(ladder: Ladder, tier: int, fought: list[int]) -> list[Hold]:
    """Settle, ranks left aside, what each group gets; return the holds, in force."""
    problem = ladder.problem
    settled: list[Hold] = []
    for (t, group), classes in ranks.groups(problem).items():
        if t != tier or group > fought[-1]:
            continue
        parts = [ranks.running(problem, classes), ranks.waiting(problem, classes)]
        if group in fought:
            parts += [
                ranks.running(problem, classes, rank) for rank in ranks.ranks(problem, classes)
            ]
        for part in parts:
            goal = _count(tier, part)
            settled.append(ladder.freeze(goal, ladder.glance(goal)))
    return settled


def _as_now(ladder: Ladder, tier: int, classes: Iterable[int]) -> Hold:
    """Return the hold that as many pods of `classes` keep a place as have one now."""
    goal = _count(tier, classes)
    return Hold(goal=goal, at_least=goal.value(ladder.problem, ladder.incumbent))


def _entitled(ladder: Ladder, tier: int, fought: list[int]) -> list[Hold]:
    """Return what a swap of places inside the contested groups may not take from anybody."""
    problem = ladder.problem
    members = {g: classes for (t, g), classes in ranks.groups(problem).items() if t == tier}
    rest = [c for g, classes in members.items() if g not in fought for c in classes]
    holds = [
        _as_now(ladder, tier, ranks.running(problem, rest)),
        _as_now(ladder, tier, ranks.waiting(problem, rest)),
    ]
    for group in fought:
        classes = members[group]
        holds.append(_as_now(ladder, tier, classes))
        for rank in ranks.ranks(problem, classes):
            kept = ranks.running(problem, classes, rank)
            share = _count(tier, kept).value(problem, ladder.incumbent)
            matched = [*kept, *ranks.challengers(problem, classes, rank)]
            holds.append(Hold(goal=_count(tier, matched), at_least=share))
    return holds
