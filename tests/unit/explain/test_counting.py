"""The sentence of kube-scheduler's condition PodScheduled, as restow writes it."""

import pytest

from restow.cluster.objects import Node
from restow.cluster.volumes import Disk, DiskKind
from restow.explain.counting import count_nodes
from restow.rules.board import Board
from restow.rules.survey import Survey
from tests.support.objects import a_node, a_pod, a_snapshot
from tests.support.storage import disks, drivers_of

NAMELESS = disks(Disk(kind=DiskKind.AWS_EBS, name="aws://zone/disk"))


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ((), "no nodes available to schedule pods"),
        ((a_node("a"),), "1/1 nodes are available."),
        (
            (a_node("a"), a_node("b", unschedulable=True)),
            "1/2 nodes are available: 1 node(s) were unschedulable.",
        ),
    ],
)
def test_sentence_is_kube_schedulers(nodes: tuple[Node, ...], sentence: str) -> None:
    board = Board(a_snapshot([], nodes))
    assert count_nodes(Survey.of(a_pod(), board), nodes).sentence == sentence


def test_filter_that_breaks_is_quoted_and_leaves_no_node() -> None:
    nodes = (a_node("a"), a_node("b"))
    drivers = [drivers_of("a", **{"ebs.csi.aws.com": 9})]
    board = Board(a_snapshot([], nodes, csi_nodes=drivers))
    count = count_nodes(Survey.of(a_pod(volumes=NAMELESS), board), nodes)
    assert count.sentence == 'running "NodeVolumeLimits" filter plugin: converting volume.'
    assert count.available == ()
