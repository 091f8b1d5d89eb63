import itertools

import pytest

from restow.cluster.objects import Pod, PriorityClass
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey
from restow.policies.packing_policy import PriorityRule
from restow.policies.selector import Selector
from restow.rules import wishes
from restow.rules.wishes import Wishes
from tests.support.objects import a_namespace, a_pod, a_snapshot, a_workload

PRIORITY, MOVABLE, COST = "restow.dev/priority", "restow.dev/movable", "restow.dev/move-cost"
CLASSES = (
    PriorityClass(name="high", value=1000),
    PriorityClass(name="system-node-critical", value=2_000_001_000),
)
LEVELS = ("pod", "deployment", "namespace")
Annotations = dict[str, str]


def chain(
    *,
    priority: int = 100,
    pod: Annotations | None = None,
    replica_set: Annotations | None = None,
    deployment: Annotations | None = None,
    namespace: Annotations | None = None,
) -> tuple[Pod, Snapshot]:
    """A pod under a ReplicaSet under a Deployment, with annotations per level."""
    above = a_workload("Deployment", "team/web", annotations=deployment)
    owner = a_workload("ReplicaSet", "team/web-1", owner=above, annotations=replica_set)
    made = a_pod("team/web-1-a", priority=priority, owner=owner, annotations=pod or {})
    snapshot = a_snapshot(
        [made],
        workloads=[above, owner],
        namespaces=[a_namespace("team", labels={"tier": "prod"}, annotations=namespace)],
        priority_classes=CLASSES,
    )
    return made, snapshot


def rule(max_priority: int, **labels: str) -> PriorityRule:
    return PriorityRule(namespaces=Selector(match_labels=labels), max_priority=max_priority)


def test_without_annotations_the_pods_own_priority_holds() -> None:
    assert wishes.of(*chain(priority=100)) == Wishes(priority=100, rank=100)


@pytest.mark.parametrize(("lower", "upper"), list(itertools.combinations(LEVELS, 2)))
def test_nearest_annotation_wins(lower: str, upper: str) -> None:
    levels: dict[str, Annotations] = {
        lower: {COST: "3", MOVABLE: "true"},
        upper: {COST: "7", MOVABLE: "false"},
    }
    pod, snapshot = chain(
        pod=levels.get("pod"),
        deployment=levels.get("deployment"),
        namespace=levels.get("namespace"),
    )
    found = wishes.of(pod, snapshot)
    assert (found.move_cost, found.movable) == (3, True)


def test_wish_withdrawn_from_a_deployment_is_gone_although_its_replica_set_keeps_a_copy() -> None:
    found = wishes.of(*chain(replica_set={MOVABLE: "true", COST: "x"}, namespace={COST: "5"}))
    assert (found.movable, found.move_cost, found.complaints) == (None, 5, ())


def test_replica_set_of_nobody_counts() -> None:
    owner = a_workload("ReplicaSet", "team/web", annotations={COST: "3"})
    pod = a_pod("team/web-a", owner=owner)
    found = wishes.of(pod, a_snapshot([pod], workloads=[owner]))
    assert found.move_cost == 3


def test_each_annotation_is_searched_by_itself() -> None:
    pod, snapshot = chain(
        pod={COST: "0"}, deployment={PRIORITY: "7"}, namespace={MOVABLE: "false", COST: "9"}
    )
    found = wishes.of(pod, snapshot)
    assert found == Wishes(priority=7, rank=7, movable=False, move_cost=0, cost_asked=True)


@pytest.mark.parametrize(
    ("annotated", "rules", "priority", "rank"),
    [
        ("500", (), 100, 500),  # raised: among its own only
        ("50", (), 50, 50),  # lowered: towards everybody
        ("-5", (), -5, -5),
        ("100", (), 100, 100),
        ("high", (), 100, 1000),
        ("500", (rule(300, tier="prod"),), 300, 500),
        ("500", (rule(900, tier="prod"),), 500, 500),
        ("500", (rule(900),), 500, 500),
        ("500", (rule(900, tier="dev"),), 100, 500),
        ("500", (rule(300, tier="prod"), rule(400), rule(900, tier="dev")), 400, 500),
        ("500", (rule(50),), 100, 500),  # a rule lifts, it does not lower
        ("50", (rule(900),), 50, 50),
    ],
)
def test_annotated_priority_counts_in_full_only_among_its_own(
    annotated: str, rules: tuple[PriorityRule, ...], priority: int, rank: int
) -> None:
    pod, snapshot = chain(priority=100, pod={PRIORITY: annotated})
    found = wishes.of(pod, snapshot, rules)
    assert (found.priority, found.rank, found.complaints) == (priority, rank, ())


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (PRIORITY, "highest"),
        (PRIORITY, ""),
        (PRIORITY, "1.5"),
        (PRIORITY, " 5"),
        (PRIORITY, "1000000001"),
        (PRIORITY, "99999999999999999999"),
        (PRIORITY, "-2147483649"),
        (PRIORITY, "system-node-critical"),
        (MOVABLE, "True"),
        (MOVABLE, "yes"),
        (MOVABLE, ""),
        (COST, "-1"),
        (COST, "1.0"),
        (COST, "1001"),
        (COST, "cheap"),
        (COST, "٣"),
    ],
)
def test_unusable_value_is_ignored_with_a_complaint_about_its_carrier(
    annotation: str, value: str
) -> None:
    pod, snapshot = chain(deployment={annotation: value})
    found = wishes.of(pod, snapshot)
    assert (found.priority, found.rank, found.movable, found.move_cost) == (100, 100, None, 1)
    (complaint,) = found.complaints
    assert (complaint.kind, complaint.key) == ("Deployment", ObjectKey("team", "web"))
    assert complaint.uid == pod_deployment_uid(snapshot)
    assert (complaint.annotation, complaint.value) == (annotation, value)
    assert complaint.remedy.startswith(("write", "choose"))


def pod_deployment_uid(snapshot: Snapshot) -> str:
    return next(each.uid for each in snapshot.workloads.values() if each.kind == "Deployment")


def test_unusable_value_leaves_the_word_to_the_next_level() -> None:
    pod, snapshot = chain(pod={COST: "much"}, namespace={COST: "5"})
    found = wishes.of(pod, snapshot)
    assert found.move_cost == 5
    assert [complaint.kind for complaint in found.complaints] == ["Pod"]


def test_pods_of_one_owner_complain_once() -> None:
    owner = a_workload("StatefulSet", "team/db", annotations={MOVABLE: "maybe"})
    pods = [a_pod(f"team/db-{i}", owner=owner, annotations={COST: "x"}) for i in range(3)]
    snapshot = a_snapshot(pods, workloads=[owner])
    complaints = wishes.distinct_complaints(wishes.of(pod, snapshot) for pod in pods)
    assert [(each.kind, each.annotation) for each in complaints] == [
        *[("Pod", COST)] * 3,
        ("StatefulSet", MOVABLE),
    ]


def test_unusable_wishes_are_found_before_anybody_asks_for_them_and_copies_are_not() -> None:
    _, snapshot = chain(
        pod={COST: "much"},
        replica_set={PRIORITY: "top"},
        deployment={PRIORITY: "top", MOVABLE: "false", "other": "x"},
        namespace={MOVABLE: "perhaps", COST: "7"},
    )
    found = wishes.unusable(snapshot)
    assert [(each.kind, each.annotation, each.value) for each in found] == [
        ("Deployment", PRIORITY, "top"),
        ("Namespace", MOVABLE, "perhaps"),
        ("Pod", COST, "much"),
    ]


def test_complaint_about_a_namespace_names_it_without_a_namespace_of_its_own() -> None:
    pod, snapshot = chain(namespace={PRIORITY: "top"})
    (complaint,) = wishes.of(pod, snapshot).complaints
    assert (complaint.kind, str(complaint.key)) == ("Namespace", "team")


@pytest.mark.parametrize(
    ("annotations", "cost"),
    [
        ({"descheduler.alpha.kubernetes.io/prefer-no-eviction": "true"}, 10),
        ({"descheduler.alpha.kubernetes.io/prefer-no-eviction": "true", COST: "2"}, 2),
        ({COST: "1000"}, 1000),
        ({COST: "0"}, 0),
    ],
)
def test_pod_that_would_rather_stay_costs_more(annotations: dict[str, str], cost: int) -> None:
    assert wishes.of(*chain(pod=annotations)).move_cost == cost


def test_owner_that_is_not_in_the_snapshot_is_passed_over() -> None:
    pod = a_pod("team/p", owner=a_workload("ReplicaSet", "team/gone"))
    snapshot = a_snapshot([pod], namespaces=[a_namespace("team", annotations={COST: "4"})])
    assert wishes.of(pod, snapshot).move_cost == 4
