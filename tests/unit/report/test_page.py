"""The web page of a plan: everything it needs is in it, and it says what the plan says."""

import json
import re
from dataclasses import replace
from typing import Any

from restow.cluster.snapshot import Snapshot
from restow.planning.plan import Action, Plan
from restow.report.page import page
from restow.report.tables import headline
from tests.support.decisions import decided
from tests.support.objects import a_node, a_pod, a_snapshot, a_workload

WEB, BIG = a_workload(name="web", replicas=1), a_workload(name="big", replicas=1)


def stranded(name: str = "web-1") -> tuple[Plan, Snapshot]:
    snapshot = a_snapshot(
        [a_pod(name, node="n1", gpus=2, owner=WEB), a_pod("big-1", gpus=8, owner=BIG)],
        [a_node("n1", gpus=8), a_node("n2", gpus=4)],
        workloads=(WEB, BIG),
    )
    return decided(snapshot).plan, snapshot


def data_of(text: str) -> Any:
    (found,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    return json.loads(found)


def test_the_page_has_the_plan_as_data() -> None:
    plan, snapshot = stranded()
    data = data_of(page(plan, snapshot, headline(plan).plain))
    names = [pod["name"] for pod in data["pods"]]
    assert data["name"] == plan.name
    assert data["resources"][0] == "nvidia.com/gpu"
    assert [(s["action"], names[s["pod"]], s["from"], s["to"]) for s in data["steps"]] == [
        ("Move", "default/web-1", "n1", "n2"),
        ("Place", "default/big-1", None, "n1"),
    ]
    bins = {node["name"]: (node["before"], node["after"]) for node in data["nodes"]}
    web, big = names.index("default/web-1"), names.index("default/big-1")
    assert bins == {"n1": ([web], [big]), "n2": ([], [web])}
    assert ["1", "moves"] in data["facts"]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page(*stranded(), "a plan")
    foreign = set(re.findall(r"""(?:https?:)?//[^\s"'<>)]+""", text))
    assert foreign == {"http://www.w3.org/2000/svg"}, "the name of a namespace, not an address"
    assert not re.search(r"<(link|img|iframe)|@import|url\(", text)


def test_what_is_in_the_cluster_cannot_end_the_script() -> None:
    plan, snapshot = stranded()
    text = page(plan, snapshot, "</script><script>alert(1)</script>")
    assert "alert(1)</script>" not in text
    assert data_of(text)["headline"] == "</script><script>alert(1)</script>"


def test_machines_that_migrate_are_told_from_pods_that_move() -> None:
    plan, snapshot = stranded()
    first, *others = plan.steps
    plan = replace(plan, steps=(replace(first, action=Action.MIGRATE, vmi="vm"), *others))
    facts = data_of(page(plan, snapshot, "a plan"))["facts"]
    assert ["1", "live migrations"] in facts
    assert "moves" not in [what for _, what in facts]
