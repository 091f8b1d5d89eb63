"""What requests alone say of a node that is held for others."""

from dataclasses import replace

import pytest

from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from restow.planning.room import takes, why_no_room
from restow.rules.board import Board
from tests.support.objects import a_node, a_pod, a_snapshot

NODE = NodeName("n")


@pytest.mark.parametrize(("cpu_m", "fits"), [(1000, True), (2000, False)])
def test_of_a_pod_that_holds_a_node_twice_the_last_counts(cpu_m: int, fits: bool) -> None:
    pod, holder = a_pod("p", cpu_m=3000), a_pod("h", cpu_m=2000)
    again = replace(holder, requests=Amounts({"cpu": cpu_m}))
    board = Board(a_snapshot((pod, holder), (a_node("n", cpu_m=4000),)))
    held = {NODE: (holder, again)}
    assert takes(board, pod, NODE, held) is fits
    assert (why_no_room(board, pod, NODE, held) is None) is fits


@pytest.mark.parametrize(("priority", "fits"), [(0, False), (-1, True)])
def test_only_holders_of_its_priority_or_more_keep_a_pod_out(priority: int, fits: bool) -> None:
    pod, holder = a_pod("p", cpu_m=3000), a_pod("h", cpu_m=2000, priority=priority)
    board = Board(a_snapshot((pod, holder), (a_node("n", cpu_m=4000),)))
    held = {NODE: (holder,)}
    assert takes(board, pod, NODE, held) is fits
    assert (why_no_room(board, pod, NODE, held) is None) is fits
