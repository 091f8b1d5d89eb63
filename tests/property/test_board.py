"""What a board counts, whoever came and went on it or its copies, is what a look around finds."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from restow.cluster.objects import Pod
from restow.cluster.selectors import selects
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import LabelSelector, Operator, PodTerm, Requirement, Selection
from restow.core.ids import NodeName
from restow.rules.board import Board
from tests.support.objects import a_node, a_pod, a_snapshot

NODES = ("n0", "n1", "n2")
NAMESPACES = ("default", "other")

requirements = st.one_of(
    st.builds(
        lambda key, values: Requirement(key=key, operator=Operator.IN, values=tuple(values)),
        st.sampled_from("ab"),
        st.lists(st.sampled_from("xy"), max_size=2),
    ),
    st.builds(
        lambda key: Requirement(key=key, operator=Operator.EXISTS),
        st.sampled_from("ab"),
    ),
)
selectors = st.one_of(
    st.none(),
    st.lists(requirements, max_size=2).map(lambda each: LabelSelector(requirements=tuple(each))),
)
selections = st.builds(
    lambda selector, names: Selection(selector=selector, namespaces=frozenset(names)),
    selectors,
    st.sets(st.sampled_from(NAMESPACES), min_size=1),
)
terms = st.builds(
    lambda pods: PodTerm(topology_key="kubernetes.io/hostname", pods=pods), selections
)


@st.composite
def pods(draw: st.DrawFn, number: int) -> Pod:
    return a_pod(
        f"{draw(st.sampled_from(NAMESPACES))}/pod-{number}",
        node=draw(st.sampled_from((*NODES, None))),
        labels=draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from("xyz"), max_size=2)),
        anti_affinity=tuple(draw(st.lists(terms, max_size=1))),
        deleting=draw(st.booleans()),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    count = draw(st.integers(1, 6))
    return a_snapshot([draw(pods(number)) for number in range(count)], map(a_node, NODES))


def meant_by_looking(
    board: Board, asked: tuple[Selection, ...], *, leaving: bool
) -> Mapping[NodeName, int]:
    spaces = board.snapshot.namespaces
    counts = {
        name: sum(
            all(selects(each, pod, spaces) for each in asked) and (leaving or not pod.deleting)
            for pod in board.pods(name)
        )
        for name in board.nodes
    }
    return {name: count for name, count in counts.items() if count}


def kept_out_by_looking(board: Board, pod: Pod) -> dict[PodTerm, dict[NodeName, int]]:
    found: dict[PodTerm, dict[NodeName, int]] = {}
    for name in board.nodes:
        for other in board.pods(name):
            for term in other.anti_affinity:
                if selects(term.pods, pod, board.snapshot.namespaces):
                    counts = found.setdefault(term, {})
                    counts[name] = counts.get(name, 0) + 1
    return found


@settings(max_examples=300, deadline=None)
@given(snapshots(), st.data())
def test_counts_are_what_a_look_around_finds(snapshot: Snapshot, data: st.DataObject) -> None:
    boards = [Board(snapshot)]
    strangers = [data.draw(pods(90 + number)) for number in range(2)]
    everyone = [*snapshot.pods.values(), *strangers]
    asked = [(data.draw(selections),) for _ in range(2)]
    for _ in range(data.draw(st.integers(0, 8))):
        board = data.draw(st.sampled_from(boards))
        pod = data.draw(st.sampled_from(everyone))
        match data.draw(st.sampled_from(("put", "take", "copy", "ask"))):
            case "put":
                board.put(pod, NodeName(data.draw(st.sampled_from(NODES))))
            case "take":
                board.take(pod.uid)
            case "copy":
                boards.append(board.copy())
            case _:
                board.meant(asked[0])
                list(board.keeping_out(pod))
    for board in boards:
        for each in asked:
            for leaving in (True, False):
                assert board.meant(each, leaving=leaving) == meant_by_looking(
                    board, each, leaving=leaving
                )
        for pod in everyone:
            assert dict(board.keeping_out(pod)) == kept_out_by_looking(board, pod)
