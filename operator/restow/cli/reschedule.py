"""`restow reschedule`: read a cluster, plan moves that make room, print."""

from dataclasses import dataclass
from fractions import Fraction

from pydantic_core import PydanticCustomError

from restow.app.by_hand import choose, reschedule_by_hand
from restow.cli.complaints import complain
from restow.cli.output import Objective, Output
from restow.cli.progress import telling
from restow.cli.reading import Source, read_now
from restow.cli.showing import show
from restow.cli.wrong import wrong
from restow.core.ids import NodeName
from restow.fragmentation.shapes import shape_of
from restow.planning.goal import Goal
from restow.policies.rescheduling import PRICED, price_of
from restow.policies.rescheduling import Objective as Wanted
from restow.report.rescheduling import headline, report


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Parameters
    ----------
    policy
        Path or name, None to find it in what is read.
    shapes
        What there should be room for, as written.
    price
        What an ordinary move has to gain, as a quantity.
    nodes
        Those to drain.
    utilization
        What Balance wants of each node at most.
    fragmentation, copies
        With either of them as few moves as possible are wanted, to reach it.
    """

    source: Source
    policy: str | None
    shapes: tuple[str, ...]
    max_migrations: int
    objective: Objective
    price: str
    nodes: tuple[str, ...]
    utilization: float | None
    fragmentation: float | None
    copies: int | None
    time_limit_s: float
    output: Output


def run(request: Request) -> None:
    """Print the plan on stdout.

    Raises
    ------
    RestowError
        InputError for what the caller can correct; SnapshotError and ApiError when the cluster
        cannot be read.
    """
    objective = Wanted(request.objective.value.capitalize())
    _fits(request, objective)
    shapes = tuple(shape_of(text, where="command line", field="--shape") for text in request.shapes)
    price = _price(request.price)
    snapshot, policies, name, now = read_now(request.source, request.policy)
    for node in request.nodes:
        if node not in snapshot.nodes:
            raise wrong("--node", f"there is no node {node!r}", "name one of the cluster")
    policy = choose(policies, name, snapshot, now)
    with telling("solving"):
        found = reschedule_by_hand(
            snapshot,
            policy,
            policies,
            goal=Goal(
                shapes=shapes,
                limit=request.max_migrations,
                objective=objective,
                fragmentation=request.fragmentation,
                copies=request.copies,
                price=price,
                drain=frozenset(map(NodeName, request.nodes)),
                utilization=request.utilization or 1.0,
            ),
            time_limit_s=request.time_limit_s,
            now=now,
        )
    complain(found.complaints)
    show(
        found.plan,
        snapshot,
        request.output,
        headline=headline(found).plain,
        table=lambda: report(found, snapshot),
    )


def _fits(request: Request, objective: Wanted) -> None:
    """Raise for what the objective has no use for, or cannot do without."""
    goal = request.fragmentation is not None or request.copies is not None
    priced = request.price != "0"
    for given, option, objectives in (
        (bool(request.shapes), "--shape", {Wanted.DEFRAGMENT, Wanted.BALANCE}),
        (request.fragmentation is not None, "--fragmentation", {Wanted.DEFRAGMENT}),
        (request.copies is not None, "--copies", {Wanted.DEFRAGMENT}),
        (priced, "--price", PRICED),
        (bool(request.nodes), "--node", {Wanted.DRAIN}),
        (request.utilization is not None, "--utilization", {Wanted.BALANCE}),
    ):
        if given and objective not in objectives:
            names = " or ".join(sorted(each.lower() for each in objectives))
            raise wrong(
                option,
                f"{objective} has no use for it",
                f"leave it out, or use --objective {names}",
            )
    if request.fragmentation is not None and request.copies is not None:
        raise wrong("--copies", "--fragmentation is another goal", "give one of the two")
    if goal and priced:
        raise wrong(
            "--price",
            "a goal is to be reached whatever the moves cost",
            "leave out the one or the other",
        )
    if objective is Wanted.DRAIN and not request.nodes:
        raise wrong("--node", "Drain needs to know which nodes", "name them, as in --node worker-3")
    if objective is Wanted.BALANCE and not request.utilization:
        raise wrong(
            "--utilization", "Balance needs it", "say what share may be asked for, such as 0.8"
        )


def _price(text: str) -> Fraction:
    try:
        return price_of(text)
    except PydanticCustomError as error:
        told = error.context or {}
        raise wrong("--price", told["problem"], told["remedy"]) from error
