from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from restow.cluster.objects import DisruptionBudget, Feature, Node, OwnerRef, Phase, Pod, Workload
from restow.cluster.pod_devices import PodClaim
from restow.core.reasons import Reason, Refusal
from restow.policies.packing_policy import Moving
from restow.rules import wishes
from restow.rules.moving import device_claims, leaving
from restow.rules.moving.registry import Context, reasons_to_stay, rests
from tests.support.devices import a_claim, a_device_snapshot, allocated
from tests.support.objects import (
    NOW,
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    an_owner,
    selecting,
)

WEB = a_workload("ReplicaSet", "web", replicas=2)


def a_web_pod(**annotations: str) -> Pod:
    return a_pod("web-1", node="n", owner=WEB, annotations=annotations, labels={"app": "web"})


def judged(
    pod: Pod,
    *others: Pod,
    moving: Moving | None = None,
    node: Node | None = None,
    budgets: tuple[DisruptionBudget, ...] = (),
    workloads: Iterable[Workload] = (WEB,),
    moved: Mapping[str, datetime] | None = None,
) -> Refusal | None:
    snapshot = a_snapshot(
        [pod, *others], [node or a_node("n")], workloads=workloads, budgets=budgets
    )
    context = Context.of(
        snapshot,
        moving=moving or Moving(),
        scheduler_names=("default-scheduler", "mine"),
        moved=moved or {},
    )
    return next(
        reasons_to_stay(pod, context, movable=wishes.of(pod, snapshot).movable),
        None,
    )


def reason_of(refusal: Refusal | None) -> Reason | None:
    return refusal.reason if refusal is not None else None


def test_why_a_pod_is_being_deleted_is_told_where_that_is_known() -> None:
    gone = a_pod(node="n", owner=WEB, deleting=True)
    reasons = ("", "PreemptionByScheduler", "SomethingNew")
    told = [leaving.refuse(replace(gone, disruption=reason)) for reason in reasons]
    assert [no.message for no in told if no is not None] == [
        "the pod is being deleted",
        "the pod is being deleted: kube-scheduler preempts it",
        "the pod is being deleted: SomethingNew",
    ]


def owned(owner: OwnerRef | None) -> Pod:
    return a_pod("p", node="n", owner=owner)


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        (owned(an_owner("ReplicaSet")), None),
        (owned(an_owner("StatefulSet")), None),
        (owned(an_owner("ReplicationController")), None),
        (owned(None), Reason.NO_CONTROLLER),
        (owned(an_owner("Job")), Reason.JOB_NOT_ALLOWED),
        (owned(an_owner("DaemonSet")), Reason.DAEMON_SET),
        (owned(an_owner("DaemonSet", api_version="apps.kruise.io/v1alpha1")), Reason.DAEMON_SET),
        (owned(an_owner("Node", api_version="v1")), Reason.STATIC_POD),
        (owned(an_owner("RayCluster", api_version="ray.io/v1")), Reason.NO_CONTROLLER),
        (
            owned(an_owner("StatefulSet", api_version="apps.kruise.io/v1")),
            Reason.NO_CONTROLLER,
        ),
        (a_pod(node="n", owner=WEB, deleting=True), Reason.ALREADY_LEAVING),
        (a_pod(owner=WEB), Reason.NOT_RUNNING),
        (a_pod(node="n", owner=WEB, phase=Phase.PENDING), Reason.NOT_RUNNING),
        (a_pod(node="n", owner=WEB, phase=Phase.UNKNOWN), Reason.NOT_RUNNING),
        (a_pod(node="n", owner=WEB, features=(Feature.MIRROR,)), Reason.STATIC_POD),
        (a_pod(node="n", owner=WEB, priority=1_000_000_000), None),
        (a_pod(node="n", owner=WEB, priority=2_000_000_000), Reason.SYSTEM_CRITICAL),
        (
            a_pod(node="n", owner=WEB, priority_class="system-cluster-critical"),
            Reason.SYSTEM_CRITICAL,
        ),
        (a_pod(node="n", owner=WEB, priority_class="critical"), None),
        (a_pod(node="n", owner=WEB, scheduler_name="mine"), None),
        (a_pod(node="n", owner=WEB, scheduler_name="kai-scheduler"), Reason.FOREIGN_SCHEDULER),
        (a_pod(node="n", owner=WEB, features=(Feature.SHARED_GPU,)), Reason.SHARED_GPU),
        (a_pod(node="n", owner=WEB, features=(Feature.POD_GROUP,)), Reason.POD_GROUP),
        (
            a_pod(node="n", owner=WEB, claims=(PodClaim(name="g", claim="g", generated=True),)),
            Reason.HOLDS_DEVICES,
        ),
        (
            a_pod(
                node="n",
                owner=WEB,
                annotations={"kueue.x-k8s.io/podset-required-topology": "rack"},
            ),
            Reason.TOPOLOGY_PINNED,
        ),
    ],
)
def test_what_a_pod_is_decides_whether_it_may_move(pod: Pod, reason: Reason | None) -> None:
    assert reason_of(judged(pod)) is reason


AUTOSCALER = "cluster-autoscaler.kubernetes.io/safe-to-evict"
KARPENTER = "karpenter.sh/do-not-disrupt"
DESCHEDULER = "descheduler.alpha.kubernetes.io/"
KOORDINATOR = "scheduling.koordinator.sh/"


@pytest.mark.parametrize(
    ("annotations", "opted_out"),
    [
        ({}, False),
        ({AUTOSCALER: "false"}, True),
        ({AUTOSCALER: "true"}, False),
        ({KARPENTER: "true"}, True),
        ({KARPENTER: "false"}, False),
        ({KARPENTER: "2h"}, True),  # it runs for an hour
        ({KARPENTER: "1h0m1s"}, True),
        ({KARPENTER: "1h"}, False),
        ({KARPENTER: "30m"}, False),
        ({KARPENTER: "-2h"}, False),
        ({KARPENTER: "soon"}, False),
        ({KARPENTER: ""}, False),
        ({DESCHEDULER + "prefer-no-eviction": "true"}, False),
        ({DESCHEDULER + "evict": "true"}, False),
        ({DESCHEDULER + "request-evict-only": ""}, True),
        ({DESCHEDULER + "eviction-in-progress": "true"}, True),
        ({KOORDINATOR + "eviction-cost": "2147483647"}, True),
        ({KOORDINATOR + "eviction-cost": "100"}, False),
        ({KOORDINATOR + "soft-eviction": "{}"}, True),
        ({"restow.dev/movable": "false"}, True),
        ({"restow.dev/movable": "true"}, False),
        # an opt-out wins over an opt-in
        ({"restow.dev/movable": "true", AUTOSCALER: "false"}, True),
        ({DESCHEDULER + "evict": "true", "restow.dev/movable": "false"}, True),
    ],
)
def test_annotations_of_peers_and_ours_keep_a_pod_in_place(
    annotations: dict[str, str], opted_out: bool
) -> None:
    refusal = judged(a_web_pod(**annotations))
    assert reason_of(refusal) is (Reason.OPTED_OUT if opted_out else None)


@pytest.mark.parametrize(
    ("annotations", "opted_out"),
    [
        ({}, False),
        ({KARPENTER: "true"}, True),
        ({KARPENTER: "1m"}, True),  # the age of the node is not known
        ({KARPENTER: "never"}, False),
        ({"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}, False),
    ],
)
def test_karpenters_opt_out_on_the_node_keeps_its_pods(
    annotations: dict[str, str], opted_out: bool
) -> None:
    refusal = judged(a_web_pod(), node=a_node("n", annotations=annotations))
    assert reason_of(refusal) is (Reason.OPTED_OUT if opted_out else None)


def test_timed_opt_out_counts_from_the_start_of_the_pod_not_its_creation() -> None:
    pod = a_pod(
        node="n",
        owner=WEB,
        annotations={KARPENTER: "10m"},
        created_at=NOW - timedelta(hours=5),
        started_at=NOW - timedelta(minutes=9),
    )
    assert reason_of(judged(pod)) is Reason.OPTED_OUT


@pytest.mark.parametrize(
    ("annotations", "opted_out"),
    [
        ({}, True),
        ({"restow.dev/movable": "true"}, False),
        ({DESCHEDULER + "evict": ""}, False),
    ],
)
def test_policy_may_make_the_soft_opt_out_hard_and_an_opt_in_lifts_it(
    annotations: dict[str, str], opted_out: bool
) -> None:
    pod = a_web_pod(**annotations, **{DESCHEDULER + "prefer-no-eviction": "true"})
    refusal = judged(pod, moving=Moving(honor_prefer_no_eviction=True))
    assert reason_of(refusal) is (Reason.OPTED_OUT if opted_out else None)


@pytest.mark.parametrize(
    ("annotations", "reason"),
    [
        ({}, Reason.NO_CONTROLLER),
        ({"restow.dev/movable": "true"}, None),
        ({DESCHEDULER + "evict": "true"}, None),
        ({AUTOSCALER: "true"}, Reason.NO_CONTROLLER),
    ],
)
def test_pod_of_an_unknown_controller_moves_only_when_opted_in(
    annotations: dict[str, str], reason: Reason | None
) -> None:
    pod = a_pod(
        node="n", owner=an_owner("RayCluster", api_version="ray.io/v1"), annotations=annotations
    )
    assert reason_of(judged(pod)) is reason


def test_no_annotation_moves_a_bare_pod_or_a_job_that_the_policy_keeps() -> None:
    annotations = {"restow.dev/movable": "true", DESCHEDULER + "evict": "true", AUTOSCALER: "true"}
    bare = a_pod(node="n", annotations=annotations)
    job = a_pod(node="n", owner=an_owner("Job"), annotations=annotations)
    assert reason_of(judged(bare)) is Reason.NO_CONTROLLER
    assert reason_of(judged(job)) is Reason.JOB_NOT_ALLOWED
    assert judged(job, moving=Moving(jobs=True)) is None


@pytest.mark.parametrize(
    ("annotations", "allowed", "reason"),
    [
        ({}, False, Reason.LOCAL_STORAGE),
        ({}, True, None),
        ({AUTOSCALER: "true"}, False, None),
        ({AUTOSCALER + "-local-volumes": "cache, tmp"}, False, None),
        ({AUTOSCALER + "-local-volumes": "cache"}, False, Reason.LOCAL_STORAGE),
        ({"restow.dev/movable": "true"}, False, Reason.LOCAL_STORAGE),
    ],
)
def test_local_storage_needs_the_policy_or_the_owners_word(
    annotations: dict[str, str], allowed: bool, reason: Reason | None
) -> None:
    pod = a_pod(
        node="n",
        owner=WEB,
        annotations=annotations,
        features=(Feature.LOCAL_STORAGE,),
        local_volumes=("cache", "tmp"),
    )
    assert reason_of(judged(pod, moving=Moving(local_storage=allowed))) is reason


@pytest.mark.parametrize(
    ("ready", "budgets", "reason"),
    [
        (True, (), None),
        (True, (a_budget(allowed=1),), None),
        (True, (a_budget(allowed=0),), Reason.BUDGET_EXHAUSTED),
        (True, (a_budget(allowed=1, observed=False),), Reason.BUDGET_EXHAUSTED),
        (True, (a_budget("other/b", allowed=0),), None),
        (True, (a_budget(allowed=0, selector=selecting(app="db")),), None),
        (True, (a_budget(allowed=5), a_budget(allowed=5)), Reason.SEVERAL_BUDGETS),
        (True, (a_budget(allowed=0, healthy=3, desired=3),), Reason.BUDGET_EXHAUSTED),
        (True, (a_budget(allowed=0, always_allow_unhealthy=True),), Reason.BUDGET_EXHAUSTED),
        (False, (a_budget(allowed=0),), Reason.BUDGET_EXHAUSTED),
        (False, (a_budget(allowed=0, always_allow_unhealthy=True),), None),
        (False, (a_budget(allowed=0, healthy=3, desired=3),), None),
        (False, (a_budget(allowed=0, healthy=2, desired=3),), Reason.BUDGET_EXHAUSTED),
        (False, (a_budget(allowed=0, healthy=0, desired=0),), Reason.BUDGET_EXHAUSTED),
        (
            False,
            (a_budget(always_allow_unhealthy=True), a_budget(always_allow_unhealthy=True)),
            Reason.SEVERAL_BUDGETS,
        ),
    ],
)
def test_budgets_are_judged_as_the_eviction_api_does(
    ready: bool, budgets: tuple[DisruptionBudget, ...], reason: Reason | None
) -> None:
    pod = a_pod(node="n", owner=WEB, labels={"app": "web"}, ready=ready)
    assert reason_of(judged(pod, budgets=budgets)) is reason


def test_budget_without_a_selector_selects_nothing() -> None:
    budget = DisruptionBudget(key=a_budget("b").key, selector=None, disruptions_allowed=0)
    assert judged(a_web_pod(), budgets=(budget,)) is None


def test_exhausted_budget_is_named() -> None:
    refusal = judged(a_web_pod(), budgets=(a_budget("keep-web", allowed=0),))
    assert refusal is not None
    assert "default/keep-web" in refusal.message


def test_ready_pod_draws_on_its_budget_and_an_unhealthy_one_may_go_free() -> None:
    budget = a_budget("b", always_allow_unhealthy=True)
    ready, sick = a_web_pod(), a_pod("sick", node="n", ready=False)
    index = Context.of(
        a_snapshot([ready, sick], budgets=[budget]), moving=Moving(), scheduler_names=()
    ).budgets
    assert index.drawn_on(ready) == budget
    assert index.drawn_on(sick) is None
    assert index.drawn_on(a_pod("elsewhere/p", node="n")) is None


def test_what_a_pod_is_comes_before_what_people_asked_for_and_budgets_come_last() -> None:
    pod = a_pod(
        node="n",
        owner=an_owner("DaemonSet"),
        annotations={AUTOSCALER: "false"},
        features=(Feature.LOCAL_STORAGE,),
    )
    assert reason_of(judged(pod, budgets=(a_budget(allowed=0),))) is Reason.DAEMON_SET


DEPLOYMENT = a_workload("Deployment", "one", replicas=1)
ALONE = a_workload("ReplicaSet", "one-5d", replicas=1, owner=DEPLOYMENT)
ROLLED = a_workload("Deployment", "three", replicas=3)


@pytest.mark.parametrize(
    ("workloads", "reason"),
    [
        ((a_workload("ReplicaSet", "own", replicas=1),), Reason.SINGLE_REPLICA),
        ((a_workload("StatefulSet", "own", replicas=1),), Reason.SINGLE_REPLICA),
        ((a_workload("ReplicaSet", "own", replicas=2),), None),
        ((ALONE, DEPLOYMENT), Reason.SINGLE_REPLICA),
        # an old ReplicaSet of a rollout has one pod left of three
        ((a_workload("ReplicaSet", "three-old", replicas=1, owner=ROLLED), ROLLED), None),
        # what is no longer wanted at all is not missed by more than what is wanted once
        ((a_workload("ReplicaSet", "own", replicas=0),), Reason.SINGLE_REPLICA),
    ],
)
def test_only_replica_stays_unless_somebody_allows_its_move(
    workloads: tuple[Workload, ...], reason: Reason | None
) -> None:
    pod = a_pod(node="n", owner=workloads[0])
    vouched = a_pod(node="n", owner=workloads[0], annotations={"restow.dev/movable": "true"})
    assert reason_of(judged(pod, workloads=workloads)) is reason
    assert judged(vouched, workloads=workloads) is None
    assert judged(pod, workloads=workloads, moving=Moving(single_replicas=True)) is None


def test_nothing_is_known_of_the_replicas_of_a_controller_that_is_not_there() -> None:
    assert judged(a_pod(node="n", owner=an_owner("ReplicaSet", "gone"))) is None


@pytest.mark.parametrize(
    ("least_s", "ran_s", "reason"),
    [
        (0, 0, None),
        (600, 599, Reason.TOO_YOUNG),
        (600, 600, None),
    ],
)
def test_pod_must_have_run_for_the_minimum_age_of_the_policy(
    least_s: int, ran_s: int, reason: Reason | None
) -> None:
    pod = a_pod(node="n", owner=WEB, started_at=NOW - timedelta(seconds=ran_s))
    assert reason_of(judged(pod, moving=Moving(minimum_age_seconds=least_s))) is reason


@pytest.mark.parametrize(
    ("pause_s", "moved_s", "reason"),
    [
        (300, 299, Reason.COOLING_DOWN),
        (300, 300, None),
        (0, 0, None),
    ],
)
def test_moved_pod_cools_down_before_it_moves_again(
    pause_s: int, moved_s: int, reason: Reason | None
) -> None:
    pod = a_web_pod()
    moved = {str(pod.uid): NOW - timedelta(seconds=moved_s)}
    moving = Moving(cooldown_seconds=pause_s)
    assert reason_of(judged(pod, moving=moving, moved=moved)) is reason
    assert judged(pod, moving=moving, moved={"another": NOW}) is None


@pytest.mark.parametrize(
    ("moving", "annotations", "moved", "still"),
    [
        (Moving(), {}, {}, False),
        (Moving(minimum_age_seconds=3601), {}, {}, True),
        (Moving(), {}, {"uid-default/p": NOW}, True),
        (Moving(), {KARPENTER: "2h"}, {}, True),
        (Moving(), {KARPENTER: "30m"}, {}, False),
    ],
)
def test_pod_rests_while_time_alone_would_let_it_go(
    moving: Moving, annotations: dict[str, str], moved: dict[str, datetime], *, still: bool
) -> None:
    pod = a_pod("p", node="n", owner=WEB, annotations=annotations)
    context = Context.of(
        a_snapshot([pod], [a_node("n")]), moving=moving, scheduler_names=(), moved=moved
    )
    assert rests(pod, context) is still


@pytest.mark.parametrize(
    ("generated", "allocated_for", "allowed", "message"),
    [
        (True, "n", True, None),
        (True, "n", False, "the pod holds devices that nobody can promise it elsewhere"),
        (False, "n", True, "its resource claim g is allocated for certain nodes"),
        (False, "", True, None),
    ],
)
def test_claim_that_the_successor_finds_allocated_ties_it_and_its_own_one_does_not(
    generated: bool, allocated_for: str, allowed: bool, message: str | None
) -> None:
    pod = a_pod("p", node="n", claims=(PodClaim(name="g", claim="g", generated=generated),))
    has = allocated("pool/gpu-0", node=allocated_for) if allocated_for else None
    claim = a_claim("g", pod="p" if generated else None, allocation=has)
    snapshot = a_device_snapshot(pods=[pod], claims=[claim], nodes=("n",))
    no = device_claims.refuse(pod, snapshot, allowed=allowed)
    assert (None if no is None else no.message) == message


@pytest.mark.parametrize(("moved_s", "stays"), [(0, True), (599, True), (600, False)])
def test_workload_cools_down_as_a_whole_whatever_replica_set_was_moved(
    moved_s: int, *, stays: bool
) -> None:
    top = a_workload("Deployment", "shop")
    old, new = (a_workload(name=f"shop-{n}", owner=top, replicas=3) for n in range(2))
    pod = a_pod("p", node="n", owner=new)
    snapshot = a_snapshot([pod], [a_node("n")], workloads=(top, old, new))
    context = Context.of(
        snapshot,
        moving=Moving(workload_cooldown_seconds=600),
        scheduler_names=["default-scheduler"],
        workloads={old.uid: NOW - timedelta(seconds=moved_s)},
        now=NOW,
    )
    reasons = [no.reason for no in reasons_to_stay(pod, context, movable=None)]
    assert (Reason.COOLING_DOWN in reasons) == stays
