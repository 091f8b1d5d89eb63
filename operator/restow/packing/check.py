"""The checker that trusts no solver: it judges an outcome from the Problem's own words.

Written apart from the model and shares no code with it; works class by class on plain counts. What
stays where it is costs a comparison.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from restow.core.errors import ModelError
from restow.packing.judges import complaints as broken_relations
from restow.packing.judges.change import Change
from restow.packing.outcome import Level, LevelKind, Outcome, Placement
from restow.packing.problem import Order, PodClass, Problem


class _Books:
    """Counts of one placement, taken once.

    Attributes
    ----------
    changed
        The classes to which something happens. No rule is broken by what stays as it is: only what
        these do is looked at, beside all that is on the nodes where they do it.
    """

    def __init__(self, problem: Problem, placement: Placement) -> None:
        self.problem = problem
        pairs_of = list(zip(problem.classes, placement, strict=True))
        self.changed = [c for c, (pods, pairs) in enumerate(pairs_of) if pairs != pods.running]
        self.now = [dict(pods.running) for pods in problem.classes]
        self.then = [dict(pairs) for pairs in placement]
        self.seated = [sum([count for _, count in pairs]) for pairs in placement]
        self.moved, self.lost = [0] * len(placement), [0] * len(placement)
        for c in self.changed:
            pods = problem.classes[c]
            if not pods.pending:
                self.moved[c] = sum(more for _, more in self.arrivals(c))
                self.lost[c] = pods.count - self.seated[c]

    def pods(self) -> Iterator[tuple[int, PodClass]]:
        """Yield the classes with their index."""
        yield from enumerate(self.problem.classes)

    def upset(self) -> Iterator[tuple[int, PodClass]]:
        """Yield the classes to which something happens, with their index."""
        for c in self.changed:
            yield c, self.problem.classes[c]

    def arrivals(self, c: int) -> Iterator[tuple[int, int]]:
        """Yield (node, number) where there are more pods of class `c` than now."""
        now = self.now[c]
        for node, count in self.then[c].items():
            if count > (before := now.get(node, 0)):
                yield node, count - before

    def differences(self, c: int) -> Iterator[tuple[int, int]]:
        """Yield (node, number) where there are more pods of class `c` than now, or fewer (< 0)."""
        now, then = self.now[c], self.then[c]
        for node in {**now, **then}:
            if change := then.get(node, 0) - now.get(node, 0):
                yield node, change


def check(problem: Problem, outcome: Outcome) -> None:
    """Accept an outcome that keeps every rule of the Problem and tells the truth.

    Raises
    ------
    ModelError
        The placement breaks a rule, or a level's value is not what the placement has, or bound and
        proof contradict the value.
    """
    if len(outcome.placement) != len(problem.classes):
        raise ModelError(f"{len(outcome.placement)} classes placed of {len(problem.classes)}")
    books = _Books(problem, outcome.placement)
    complaints = [*_faults(books, outcome.placement)]
    complaints += _levels(books, outcome.levels)
    if complaints:
        raise ModelError("the checker refuses the outcome: " + "; ".join(complaints))


def keeps_the_rules(problem: Problem, placement: Placement) -> bool:
    """Return whether a placement of every class keeps every rule of the Problem."""
    return next(_faults(_Books(problem, placement), placement), None) is None


def _faults(books: _Books, placement: Placement) -> Iterator[str]:
    shapeless = list(_shape(books, placement))
    yield from shapeless
    if shapeless:
        return
    yield from _counts(books)
    yield from _places(books)
    yield from _capacity(books)
    yield from _budgets(books)
    yield from _limits(books)
    yield from _relations(books)
    if books.problem.order is Order.RESTOW:
        yield from _justified(books)


def _shape(books: _Books, placement: Placement) -> Iterator[str]:
    for c in books.changed:
        nodes = [node for node, _ in placement[c]]
        if nodes != sorted(set(nodes)):
            yield f"class {c}: nodes are not sorted or repeat"
        if any(count <= 0 for _, count in placement[c]):
            yield f"class {c}: a count is not positive"
        if any(not 0 <= node < len(books.problem.capacity) for node in nodes):
            yield f"class {c}: no such node"


def _counts(books: _Books) -> Iterator[str]:
    for c, pods in books.upset():
        if books.seated[c] > pods.count:
            yield f"class {c}: {books.seated[c]} pods placed of {pods.count}"
        if books.lost[c] > 0 and not pods.evictable:
            yield f"class {c}: {books.lost[c]} pods evicted that may not be"
        if not pods.pending and not pods.movable and books.then[c] != books.now[c]:
            yield f"class {c}: moved, but is not movable"


def _places(books: _Books) -> Iterator[str]:
    for c, pods in books.upset():
        for node, _ in books.arrivals(c):
            if node not in pods.allowed:  # a tuple: few pods change their node
                yield f"class {c}: node {node} is not allowed"


def _capacity(books: _Books) -> Iterator[str]:
    receiving = {node for c in books.changed for node, _ in books.arrivals(c)}
    before = _loads(books)
    after = {node: list(load) for node, load in before.items()}
    for c, pods in books.upset():
        for node, change in books.differences(c):
            for r, need in enumerate(pods.demand):
                after[node][r] += need * change
    for node in sorted(before):
        for r, most in enumerate(books.problem.capacity[node]):
            was, is_ = before[node][r], after[node][r]
            if is_ > most and (node in receiving or is_ > was):
                yield f"node {node}: {is_} of {most} {books.problem.resources[r]}"


def _loads(books: _Books) -> dict[int, list[int]]:
    """Return (resources,) what all pods ask for now, of the nodes where something changes."""
    touched = {node for c in books.changed for node, _ in books.differences(c)}
    loads = {node: [0] * len(books.problem.resources) for node in touched}
    for pods in books.problem.classes:
        for node, count in pods.running:
            if node in touched:
                load = loads[node]
                for r, need in enumerate(pods.demand):
                    load[r] += need * count
    return loads


def _budgets(books: _Books) -> Iterator[str]:
    all_moved, all_lost = Counter[int](), Counter[int]()
    for c, pods in books.upset():
        for b in set(pods.budgets):
            all_moved[b] += books.moved[c]
            all_lost[b] += books.lost[c]
    for b, allowed in enumerate(books.problem.budgets):
        moved, lost = all_moved[b], all_lost[b]
        if books.problem.sequential_budgets and allowed > 0:
            used = lost + (1 if moved else 0)
        else:
            used = lost + moved
        if used > allowed:
            yield f"budget {b}: {used} disruptions of {allowed}"


def _limits(books: _Books) -> Iterator[str]:
    for what, total, most in (
        ("moves", sum(books.moved), books.problem.max_moves),
        ("evictions", sum(books.lost), books.problem.max_evictions),
    ):
        if most is not None and total > most:
            yield f"{total} {what} of {most}"


def _relations(books: _Books) -> Iterator[str]:
    change = Change(problem=books.problem, now=books.now, then=books.then)
    yield from broken_relations(books.problem.relations, change)


def _justified(books: _Books) -> Iterator[str]:
    """Each pod without a place needs a placed pod that may take it: higher tier, or higher rank."""
    takers = [
        (pods.tier, pods.group, pods.rank, books.seated[c])
        for c, pods in books.upset()
        if pods.pending and pods.preempts and books.seated[c]
    ]
    for c, pods in books.upset():
        if not books.lost[c] or any(tier < pods.tier for tier, *_ in takers):
            continue
        lost = sum(
            books.lost[k]
            for k, other in books.upset()
            if (other.tier, other.group) == (pods.tier, pods.group) and other.rank >= pods.rank
        )
        gained = sum(
            count
            for tier, group, rank, count in takers
            if (tier, group) == (pods.tier, pods.group) and rank > pods.rank
        )
        if lost > gained:
            yield f"class {c}: {lost} pods evicted for {gained} that may take their place"


def _levels(books: _Books, levels: Sequence[Level]) -> Iterator[str]:
    chain = True
    swapped = {level.tier for level in levels if level.kind is LevelKind.RANK}
    for level in levels:
        name = f"level {level.kind} of tier {level.tier}"
        maximised = level.kind in (
            LevelKind.KEEP,
            LevelKind.PLACE,
            LevelKind.RANK,
            LevelKind.PACK,
        )
        gap = level.bound - level.value if maximised else level.value - level.bound
        chain = chain and gap == 0
        if gap < 0:
            yield f"{name}: bound {level.bound} is worse than value {level.value}"
        if level.proven and not chain:
            yield f"{name}: called proven, yet it or a level before it has a gap"
        value = _value(books, level)
        if level.tier in swapped and level.kind in (LevelKind.KEEP, LevelKind.PLACE):
            continue
        if value is not None and value != level.value:
            yield f"{name}: says {level.value}, is {value}"
    for tier in sorted(t for t in swapped if t is not None):
        yield from _ranks(books, tier, [level for level in levels if level.tier == tier])


def _value(books: _Books, level: Level) -> int | None:
    """Return the level's value in the placement; None where the placement alone does not tell."""
    problem, tier = books.problem, level.tier
    ours = [(c, pods) for c, pods in books.pods() if tier is None or pods.tier == tier]
    paper = problem.order is Order.PAPER
    seated = books.seated
    match level.kind:
        case LevelKind.KEEP:
            return sum(seated[c] for c, pods in ours if not pods.pending)
        case LevelKind.PLACE:
            return sum(seated[c] for c, pods in ours if pods.pending or paper)
        case LevelKind.DISTURB:
            return sum(2 * books.moved[c] + 3 * books.lost[c] for c, _ in ours)
        case LevelKind.MOVE:
            return sum((1 if tier is None else pods.move_cost) * books.moved[c] for c, pods in ours)
        case LevelKind.NODES:
            changed = [c for c, pods in books.upset() if tier is None or pods.tier == tier]
            return len({n for c in changed for n, _ in books.differences(c)})
        case _:
            return None


def _ranks(books: _Books, tier: int, levels: Sequence[Level]) -> Iterator[str]:
    """Compare the RANK levels of one tier: per contested group and rank, then the whole tier."""
    expected: list[int] = []
    ours = [(c, pods) for c, pods in books.pods() if pods.tier == tier and pods.count]
    for group in sorted({pods.group for _, pods in ours}):
        inside = [(c, pods) for c, pods in ours if pods.group == group]
        waiting = [pods.rank for _, pods in inside if pods.pending]
        found = sorted({pods.rank for _, pods in inside}, reverse=True)
        if waiting and max(waiting) > found[-1]:
            expected += [
                sum(books.seated[c] for c, pods in inside if pods.rank == rank) for rank in found
            ]
    total = sum(books.seated[c] for c, _ in ours)
    said = [level.value for level in levels if level.kind is LevelKind.RANK]
    if said != [*expected, total]:
        yield f"ranks of tier {tier}: says {said}, are {[*expected, total]}"
    promised = sum(x.value for x in levels if x.kind in (LevelKind.KEEP, LevelKind.PLACE))
    if total < promised:
        yield f"tier {tier}: ranks left {total} pods with a place of {promised}"
