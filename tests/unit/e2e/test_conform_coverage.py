"""Which rule a case counts for: the one that decided, not the one it was drawn for."""

from e2e.client import Json
from e2e.conform.coverage import Coverage, Line
from e2e.conform.hearing import Hearing
from e2e.conform.judge import Disagreement
from e2e.conform.scene import Recorded, Verdict
from restow.core.ids import NodeName
from restow.rules.board import Board
from restow.rules.registry import RULES
from restow.rules.survey import Survey
from tests.support.objects import a_node, a_pod, a_snapshot

META = {"uid": "u", "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z"}
TAINTED = {"taints": [{"key": "t", "effect": "NoSchedule"}]}


def a_cluster_node(name: str, **spec: object) -> Json:
    room = {"cpu": "1", "pods": "10"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": META | {"name": name},
        "spec": spec,
        "status": {"allocatable": room},
    }


def a_verdict(name: str = "p", **said: object) -> Verdict:
    requests = {"requests": {"cpu": said.pop("cpu", "100m")}}
    spec: Json = {"containers": [{"name": "c", "image": "i", "resources": requests}]}
    spec |= {"schedulingGates": said.pop("gates")} if "gates" in said else {}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": META | {"name": name, "namespace": "d", "uid": name},
        "spec": spec,
        "status": {},
    }
    defaults: Json = {"node": None, "reason": "", "message": "", "topics": ("NodePorts",)}
    return Verdict(pod=pod, **(defaults | said))


def covered(*verdicts: Verdict, nodes: tuple[Json, ...]) -> tuple[Coverage, list[Disagreement]]:
    coverage = Coverage()
    wrong = list(coverage.add(Recorded(name="s", objects=nodes, verdicts=verdicts)))
    return coverage, wrong


def line(coverage: Coverage, plugin: str) -> Line:
    return next(each for each in coverage.lines() if each.plugin == plugin)


def unschedulable(why: str, nodes: int) -> Json:
    return {"reason": "Unschedulable", "message": f"0/{nodes} nodes are available: {why}."}


def test_case_counts_for_the_rules_that_spoke_whatever_it_was_drawn_for() -> None:
    nodes = (a_cluster_node("a", **TAINTED), a_cluster_node("b"))
    coverage, wrong = covered(a_verdict(node="b"), nodes=nodes)
    assert wrong == []
    assert line(coverage, "NodePorts").asked == 0
    assert line(coverage, "TaintToleration") == Line(
        "TaintToleration", asked=1, decided=1, placed=1, elsewhere=1, unplaced=0, torn=0
    )
    assert line(coverage, "NodeResourcesFit").decided == 0


def test_rule_behind_the_one_that_refused_decided_nothing() -> None:
    said = unschedulable("1 node(s) had untolerated taint(s)", 1)
    coverage, wrong = covered(a_verdict(cpu="9", **said), nodes=(a_cluster_node("a", **TAINTED),))
    assert wrong == []
    assert (line(coverage, "TaintToleration").unplaced, line(coverage, "TaintToleration").torn) == (
        1,
        0,
    )
    assert line(coverage, "NodeResourcesFit").decided == 0


def test_rule_that_took_a_node_that_another_one_refused_is_torn() -> None:
    why = "1 Insufficient cpu, 1 node(s) had untolerated taint(s)"
    nodes = (a_cluster_node("a", **TAINTED), a_cluster_node("b"))
    coverage, wrong = covered(a_verdict(cpu="9", **unschedulable(why, 2)), nodes=nodes)
    assert wrong == []
    assert line(coverage, "TaintToleration").torn == 1
    assert line(coverage, "NodeResourcesFit").torn == 0


def test_gated_pod_counts_for_its_gates_alone() -> None:
    gated = a_verdict(gates=[{"name": "g"}], reason="SchedulingGated")
    coverage, wrong = covered(gated, a_verdict("q", node="a"), nodes=(a_cluster_node("a"),))
    assert wrong == []
    gates = line(coverage, "SchedulingGates")
    assert (gates.asked, gates.decided, gates.placed, gates.unplaced) == (2, 1, 1, 1)
    assert line(coverage, "NodeResourcesFit").asked == 1


def test_each_lack_of_a_rule_is_told_in_words() -> None:
    coverage, _ = covered(a_verdict(node="a"), nodes=(a_cluster_node("a"),))
    thin = coverage.thin()
    assert "NodePorts: refuses a node in 0.0 % of the cases, 3 % are asked for" in thin
    assert not any(each.startswith("NodeResourcesFit: takes") for each in thin)
    assert not any("NodeName" in each for each in thin)


def test_rule_that_no_scheduler_can_be_asked_of_is_left_out_by_name() -> None:
    table = Coverage().table()
    assert "| NodeName |" not in table
    assert "NodeName is left out: " in table
    assert all(f"| {rule.plugin} |" in table for rule in RULES if rule.plugin != "NodeName")


def test_listening_changes_no_answer_and_starts_anew_each_time() -> None:
    board = Board(a_snapshot([], [a_node("a", unschedulable=True), a_node("b")]))
    hearing = Hearing(RULES)
    assert Survey.of(a_pod(), board, rules=hearing.rules).feasible() == (NodeName("b"),)
    heard = hearing.end()
    assert "NodeUnschedulable" in heard.asked & heard.refused & heard.accepted
    assert hearing.end().asked == frozenset()
