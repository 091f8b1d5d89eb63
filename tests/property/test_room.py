"""Whether a pod fits is the same as nobody having a reason why not, whoever nodes are held for."""

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.planning.room import takes, too_large, why_no_room, with_room, without
from restow.rules.board import Board
from restow.rules.registry import RULES
from restow.rules.survey import Survey
from tests.property.clusters import snapshots

pytestmark = pytest.mark.property

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "60"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.data())
def test_requests_rule_out_only_nodes_that_the_rules_refuse(
    snapshot: Snapshot, data: st.DataObject
) -> None:
    board, pods = Board(snapshot), list(snapshot.pods.values())
    waiting = [replace(pod, node=None) for pod in pods]
    if not waiting:
        return
    nodes = list(snapshot.nodes)
    # the same pod may hold a node twice: once for itself, once for what it could preempt there
    holders = st.lists(st.sampled_from(waiting), max_size=3).map(
        lambda found: tuple(replace(each, uid=Uid(f"held {each.uid}")) for each in found)
    )
    held = data.draw(st.dictionaries(st.sampled_from(nodes), holders))
    pod = data.draw(st.sampled_from(waiting))
    with without(board, [pod]):
        roomy = with_room(board, [pod], nodes)[pod.key]
        for node in nodes:
            fits = why_no_room(board, pod, node, held) is None
            assert takes(board, pod, node, held) == fits
            by_rules = Survey.of(pod, board, rules=RULES, nominated=held).refusal(node) is None
            assert not (by_rules and too_large(board, pod, node, held))
            assert not by_rules or node in roomy
