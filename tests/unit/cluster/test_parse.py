"""What is read of each kind, and what is said when something cannot be read."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from restow.cluster.objects import (
    DisruptionBudget,
    Feature,
    HostPort,
    Node,
    OwnerRef,
    Pod,
    PriorityClass,
    Taint,
    Toleration,
    Workload,
)
from restow.cluster.parse import KINDS, Bookmark, Failure, Removed, Upsert, kind_named
from restow.cluster.parse.pages import event, page
from restow.cluster.parts import Object
from restow.cluster.terms import Operator, Requirement
from restow.core.errors import InputError
from restow.core.ids import NodeName, ObjectKey, Uid

Document = dict[str, Any]
META: Document = {
    "name": "a",
    "namespace": "x",
    "uid": "u",
    "resourceVersion": "7",
    "creationTimestamp": "2026-01-01T00:00:00Z",
}


def a_document(**changes: Any) -> Document:
    document = {"metadata": META, "spec": {"containers": [{"name": "c"}]}, "status": {}}
    return copy.deepcopy(document) | changes


def parsed(kind: str, document: Document) -> Object | None:
    """Read the document both ways; they must agree."""
    from_bytes = KINDS[kind].from_bytes(json.dumps(document).encode())
    assert from_bytes == KINDS[kind].from_document(document)
    return from_bytes


def pod(spec: Document | None = None, **changes: Any) -> Pod:
    spec = {"containers": [{"name": "c"}]} | (spec or {})
    found = parsed("Pod", a_document(spec=spec, **changes))
    assert isinstance(found, Pod)
    return found


def test_pod_is_read_with_everything_decisions_rest_on() -> None:
    found = pod(
        {
            "nodeName": "n1",
            "schedulerName": "other",
            "priority": 10,
            "priorityClassName": "high",
            "preemptionPolicy": "Never",
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [
                {"operator": "Exists"},
                {"key": "k", "value": "v", "effect": "NoExecute"},
            ],
            "schedulingGates": [{"name": "g"}],
        },
        metadata=META
        | {
            "labels": {"app": "web"},
            "annotations": {"b": "c", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "deletionTimestamp": "2026-01-01T00:01:00Z",
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "Other", "name": "o", "uid": "1"},
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": "rs",
                    "uid": "2",
                    "controller": True,
                },
            ],
        },
        status={
            "phase": "Running",
            "nominatedNodeName": "n2",
            "startTime": "2026-01-01T00:00:30Z",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    )
    assert found.key == ObjectKey("x", "a")
    assert (found.uid, found.resource_version) == ("u", "7")
    assert dict(found.labels) == {"app": "web"}
    assert dict(found.annotations) == {"b": "c"}
    assert found.owner == OwnerRef(
        kind="ReplicaSet", name="rs", uid=Uid("2"), api_version="apps/v1"
    )
    assert (found.node, found.nominated_node) == (NodeName("n1"), NodeName("n2"))
    assert (found.scheduler_name, found.priority, found.priority_class) == ("other", 10, "high")
    assert not found.preempts
    assert found.deleting
    assert found.ready
    assert found.gates == ("g",)
    assert found.tolerations == (
        Toleration(operator=Operator.EXISTS),
        Toleration(key="k", value="v", effect="NoExecute"),
    )
    assert found.started_at == datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_finished_pod_does_not_count(phase: str) -> None:
    assert parsed("Pod", a_document(status={"phase": phase})) is None


@pytest.mark.parametrize(
    ("condition", "is_waiting"),
    [
        ({"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}, True),
        ({"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}, False),
        ({"type": "PodScheduled", "status": "True", "reason": "Unschedulable"}, False),
        ({"type": "Ready", "status": "False", "reason": "Unschedulable"}, False),
    ],
)
def test_only_the_unschedulable_condition_makes_a_pod_unschedulable(
    condition: Document, is_waiting: bool
) -> None:
    at = {"lastTransitionTime": "2026-01-01T00:00:05Z", "message": "0/3 nodes"}
    found = pod(status={"conditions": [condition | at]})
    moment = datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)
    expected = (moment, "0/3 nodes") if is_waiting else (None, "")
    assert (found.unschedulable_since, found.unschedulable_message) == expected


@pytest.mark.parametrize(("status", "reason"), [("True", "PreemptionByScheduler"), ("False", "")])
def test_who_takes_a_pod_away_is_read_while_it_is_true(status: str, reason: str) -> None:
    told = {"type": "DisruptionTarget", "status": status, "reason": "PreemptionByScheduler"}
    found = pod(status={"conditions": [told]})
    assert found.disruption == reason


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
RESTART_ALL = "RestartAllContainers"


@pytest.mark.parametrize(
    ("spec", "features"),
    [
        ({"affinity": {"podAffinity": {REQUIRED: [{}]}}}, set()),
        ({"volumes": [{"name": "v", "configMap": {}}]}, set()),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, {Feature.LOCAL_STORAGE}),
        ({"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}]}, set()),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, {Feature.LOCAL_STORAGE}),
        ({"schedulingGroup": {"podGroupName": "g"}}, {Feature.POD_GROUP}),
        (
            {"containers": [{"name": "c", "resources": {"limits": {"nvidia.com/gpumem": 1}}}]},
            {Feature.SHARED_GPU},
        ),
    ],
)
def test_features_of_a_spec(spec: Document, features: set[Feature]) -> None:
    assert pod(spec).features == features


@pytest.mark.parametrize(
    ("place", "key", "feature"),
    [
        ("annotations", "kubernetes.io/config.mirror", Feature.MIRROR),
        ("annotations", "scheduling.k8s.io/group-name", Feature.POD_GROUP),
        ("labels", "scheduling.x-k8s.io/pod-group", Feature.POD_GROUP),
        ("annotations", "gpu-fraction", Feature.SHARED_GPU),
        ("annotations", "hami.io/vgpu-devices-allocated", Feature.SHARED_GPU),
        ("labels", "runai-gpu-group", Feature.SHARED_GPU),
    ],
)
def test_features_of_metadata(place: str, key: str, feature: Feature) -> None:
    assert pod(metadata=META | {place: {key: "x"}}).features == {feature}


def test_hard_rules_say_whom_they_are_about() -> None:
    selector = {"matchLabels": {"app": "db"}}
    found = pod(
        {
            "affinity": {
                "podAntiAffinity": {
                    REQUIRED: [
                        {"labelSelector": selector, "topologyKey": "zone"},
                        {"labelSelector": selector, "namespaces": ["y"]},
                        {"namespaceSelector": {}},
                    ]
                }
            },
            "topologySpreadConstraints": [{"labelSelector": selector}],
        }
    )
    db = (Requirement(key="app", operator=Operator.IN, values=("db",)),)
    own, named, everywhere = (term.pods for term in found.anti_affinity)
    assert own.selector is not None
    assert own.selector.requirements == db
    assert own.namespaces == {"x"}
    assert named.namespaces == {"y"}
    assert (everywhere.selector, everywhere.namespaces) == (None, frozenset())
    assert everywhere.namespace_selector is not None
    assert everywhere.namespace_selector.requirements == ()
    assert [term.topology_key for term in found.anti_affinity] == ["zone", "", ""]
    assert found.affinity == ()
    (spread,) = found.spread
    assert spread.selector is not None
    assert spread.selector.requirements == db


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ({}, {"max_skew": 1, "min_domains": None, "honor_affinity": True, "honor_taints": False}),
        ({"minDomains": 3, "maxSkew": 2}, {"max_skew": 2, "min_domains": 3}),
        ({"nodeAffinityPolicy": "Ignore"}, {"honor_affinity": False}),
        ({"nodeTaintsPolicy": "Honor"}, {"honor_taints": True}),
    ],
)
def test_what_a_spread_constraint_leaves_out_has_the_api_servers_default(
    constraint: dict[str, Any], expected: dict[str, Any]
) -> None:
    (spread,) = pod({"topologySpreadConstraints": [{"topologyKey": "zone", **constraint}]}).spread
    assert {name: getattr(spread, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        ({}, {"hash": ("1",)}),
        ({"matchLabels": {"app": "db"}}, {"app": ("db",), "hash": ("1",)}),
        ({"matchLabels": {"hash": "1"}}, {"hash": ("1",)}),
        (None, None),
    ],
)
def test_match_label_keys_of_a_spread_join_its_selector_if_it_has_one(
    selector: dict[str, Any] | None, values: dict[str, tuple[str, ...]] | None
) -> None:
    wanted = {"labelSelector": selector, "matchLabelKeys": ["hash", "absent"]}
    labelled = {**META, "labels": {"hash": "1"}}
    (spread,) = pod({"topologySpreadConstraints": [wanted]}, metadata=labelled).spread
    read = None
    if spread.selector is not None:
        read = {each.key: each.values for each in spread.selector.requirements}
    assert read == values


@pytest.mark.parametrize(
    ("spec", "features"),
    [
        ({}, set()),
        ({"hostNetwork": True}, set()),
        ({"hostUsers": False}, set()),
        (
            {"initContainers": [{"name": "i", "restartPolicyRules": [{"action": RESTART_ALL}]}]},
            {"RestartAllContainersOnContainerExits"},
        ),
        ({"initContainers": [{"name": "i", "restartPolicyRules": [{"action": "Restart"}]}]}, set()),
        (
            {"initContainers": [{"name": "i", "volumeMounts": [{"bindMountOptions": ["noexec"]}]}]},
            {"VolumeBindMountOptions"},
        ),
    ],
)
def test_what_a_pod_needs_declared_follows_from_its_spec(
    spec: dict[str, Any], features: set[str]
) -> None:
    assert pod(spec).needed_features == features


def test_host_ports_are_those_of_containers_and_sidecars() -> None:
    found = pod(
        {
            "containers": [
                {"name": "c", "ports": [{"containerPort": 1}, {"containerPort": 2, "hostPort": 80}]}
            ],
            "initContainers": [
                {"name": "once", "ports": [{"containerPort": 3, "hostPort": 81}]},
                {
                    "name": "sidecar",
                    "restartPolicy": "Always",
                    "ports": [
                        {"containerPort": 4, "hostPort": 82, "protocol": "UDP", "hostIP": "1.2.3.4"}
                    ],
                },
            ],
        }
    )
    assert set(found.host_ports) == {
        HostPort(port=80),
        HostPort(ip="1.2.3.4", protocol="UDP", port=82),
    }


def test_on_the_host_network_every_port_is_a_host_port() -> None:
    spec = {"hostNetwork": True, "containers": [{"name": "c", "ports": [{"containerPort": 8080}]}]}
    assert pod(spec).host_ports == (HostPort(port=8080),)


def test_node_is_read_in_the_units_of_requests() -> None:
    found = parsed(
        "Node",
        {
            "metadata": {"name": "n"},
            "spec": {"unschedulable": True, "taints": [{"key": "k", "effect": "NoSchedule"}]},
            "status": {
                "allocatable": {
                    "cpu": "3920m",
                    "memory": "1Ki",
                    "pods": "110",
                    "nvidia.com/gpu": "8",
                },
                "capacity": {"cpu": "4"},
                "conditions": [{"type": "Ready", "status": "Unknown"}],
            },
        },
    )
    assert isinstance(found, Node)
    expected = {"cpu": 3920, "memory": 1024, "pods": 110, "nvidia.com/gpu": 8}
    assert dict(found.allocatable) == expected
    assert found.taints == (Taint(key="k", effect="NoSchedule"),)
    assert (found.unschedulable, found.ready) == (True, False)


def test_node_without_allocatable_offers_its_capacity() -> None:
    found = parsed("Node", {"metadata": {"name": "n"}, "status": {"capacity": {"cpu": "4"}}})
    assert isinstance(found, Node)
    assert dict(found.allocatable) == {"cpu": 4000}


@pytest.mark.parametrize(("generation", "observed", "allowed"), [(2, 2, 3), (2, 1, 0), (1, 2, 3)])
def test_budget_allows_nothing_while_its_status_is_old(
    generation: int, observed: int, allowed: int
) -> None:
    found = parsed(
        "PodDisruptionBudget",
        {
            "metadata": META | {"generation": generation},
            "spec": {"selector": {}, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
            "status": {"disruptionsAllowed": 3, "observedGeneration": observed},
        },
    )
    assert isinstance(found, DisruptionBudget)
    assert found.disruptions_allowed == allowed
    assert found.always_allow_unhealthy
    assert found.selector is not None


def test_budget_without_selector_selects_nothing() -> None:
    found = parsed("PodDisruptionBudget", {"metadata": META})
    assert isinstance(found, DisruptionBudget)
    assert found.selector is None


@pytest.mark.parametrize(
    ("kind", "spec", "replicas"),
    [
        ("Deployment", {"replicas": 3}, 3),
        ("ReplicaSet", {"replicas": 0}, 0),
        ("StatefulSet", {}, 1),
        ("Job", {"parallelism": 4}, 4),
        ("DaemonSet", {}, None),
    ],
)
def test_controller_wants_so_many_pods(kind: str, spec: Document, replicas: int | None) -> None:
    found = parsed(kind, {"metadata": META, "spec": spec})
    assert isinstance(found, Workload)
    assert (found.kind, found.replicas) == (kind, replicas)


@pytest.mark.parametrize(
    ("kind", "spec", "missable"),
    [
        ("Deployment", {"replicas": 8}, 2),
        ("Deployment", {"replicas": 3}, 1),
        ("Deployment", {"replicas": 8, "strategy": {"type": "Recreate"}}, 2),
        ("Deployment", {"replicas": 8, "strategy": {"rollingUpdate": {"maxUnavailable": 3}}}, 3),
        (
            "Deployment",
            {"replicas": 7, "strategy": {"rollingUpdate": {"maxUnavailable": "50%"}}},
            3,
        ),
        ("Deployment", {"replicas": 8, "strategy": {"rollingUpdate": {"maxUnavailable": 0}}}, 1),
        ("StatefulSet", {"replicas": 8}, 1),
        (
            "StatefulSet",
            {"replicas": 8, "updateStrategy": {"rollingUpdate": {"maxUnavailable": "25%"}}},
            2,
        ),
        ("ReplicaSet", {"replicas": 8}, 2),
        ("Job", {"parallelism": 4}, 1),
    ],
)
def test_controller_lets_so_many_pods_be_missing(kind: str, spec: Document, missable: int) -> None:
    found = parsed(kind, {"metadata": META, "spec": spec})
    assert isinstance(found, Workload)
    assert found.max_unavailable == missable


def test_max_unavailable_that_is_no_share_is_refused() -> None:
    rolling = {"rollingUpdate": {"maxUnavailable": "half"}}
    with pytest.raises(InputError, match=r"maxUnavailable: 'half' is neither .*; write 1 or 25%"):
        parsed("Deployment", {"metadata": META, "spec": {"strategy": rolling}})


def test_priority_class_is_read() -> None:
    document = {"metadata": {"name": "p"}, "value": -5, "preemptionPolicy": "Never"}
    assert parsed("PriorityClass", document) == PriorityClass(name="p", value=-5, preempts=False)


@pytest.mark.parametrize(
    ("kind", "api_version", "is_known"),
    [
        ("Pod", "v1", True),
        ("Deployment", "apps/v1", True),
        ("Deployment", "example.com/v1", False),
        ("Service", "v1", False),
    ],
)
def test_kind_is_known_by_name_and_group(kind: str, api_version: str, is_known: bool) -> None:
    assert (kind_named(kind, api_version) is not None) == is_known


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (
            "spec.containers.0.resources",
            {"requests": {"cpu": "5x"}},
            "Pod x/a: spec.containers[0].resources.requests[cpu]: '5x' is not a quantity",
        ),
        (
            "spec.containers.0.resources",
            {"limits": {"x/y": -1}},
            "Pod x/a: spec.containers[0].resources.limits[x/y]: -1 is negative; write",
        ),
        ("spec.overhead", {"cpu": ""}, "Pod x/a: spec.overhead[cpu]: '' is not a quantity"),
        ("spec.containers", None, "Pod x/a: spec.containers: the field is missing; take"),
        ("spec.containers", {}, "Pod x/a: spec.containers: {} is not a list; write a list"),
        ("spec.priority", "high", "Pod x/a: spec.priority: 'high' is not an integer; write"),
        ("metadata.uid", None, "Pod x/a: metadata.uid: the field is missing"),
        ("metadata.name", None, "Pod without a name: metadata.name: the field is missing"),
        ("metadata.creationTimestamp", None, "metadata.creationTimestamp: the field is missing"),
        ("metadata.creationTimestamp", "now", "'now' is not a time such as 2026-"),
        ("metadata.labels", {"a": 5}, "Pod x/a: metadata.labels[...]: Expected `str`, got `int`"),
        ("metadata", None, "Pod: metadata: the field is missing"),
        ("status.phase", "Gone", "Pod x/a: status.phase: 'Gone' is not a phase; write one of"),
        (
            "spec.tolerations",
            [{"operator": "Like"}],
            "spec.tolerations[0].operator: 'Like' is not an operator",
        ),
        (
            "spec.affinity",
            {
                "nodeAffinity": {
                    REQUIRED: {
                        "nodeSelectorTerms": [
                            {"matchExpressions": [{"key": "k", "operator": "Like"}]}
                        ]
                    }
                }
            },
            "nodeSelectorTerms[0].matchExpressions[0].operator: 'Like' is not an operator",
        ),
    ],
)
def test_bad_field_is_named_in_one_line_with_a_remedy(path: str, value: Any, says: str) -> None:
    document: Any = a_document()
    *parents, last = path.split(".")
    place = document
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    with pytest.raises(InputError) as caught:
        KINDS["Pod"].from_document(document)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError) as again:
        KINDS["Pod"].from_bytes(json.dumps(document).encode())
    assert str(again.value) == str(caught.value)


def test_page_keeps_what_counts_and_says_where_it_goes_on() -> None:
    items = [a_document(), a_document(metadata=META | {"name": "b"}, status={"phase": "Failed"})]
    body = {"metadata": {"resourceVersion": "9", "continue": "t"}, "items": items}
    found = page(KINDS["Pod"], json.dumps(body).encode())
    assert list(found.items) == [ObjectKey("x", "a")]
    assert (found.resource_version, found.next) == ("9", "t")


def test_body_that_is_no_list_is_an_error_never_an_empty_list() -> None:
    with pytest.raises(InputError, match="list of pods"):
        page(KINDS["Pod"], b'{"kind": "Status", "status": "Failure"}')


def test_watch_events() -> None:
    def read(type_: str, content: Document) -> object:
        return event(KINDS["Pod"], json.dumps({"type": type_, "object": content}).encode())

    key = ObjectKey("x", "a")
    added = read("ADDED", a_document())
    assert isinstance(added, Upsert)
    assert (added.key, added.resource_version) == (key, "7")
    assert read("DELETED", a_document()) == Removed(key=key, resource_version="7")
    finished = a_document(status={"phase": "Succeeded"})
    assert read("MODIFIED", finished) == Removed(key=key, resource_version="7")
    assert read("BOOKMARK", {"metadata": {"resourceVersion": "8"}}) == Bookmark(
        resource_version="8"
    )
    gone = {"kind": "Status", "code": 410, "message": "too old"}
    assert read("ERROR", gone) == Failure(code=410, message="too old")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("web", "web:latest"),
        ("web:1", "web:1"),
        ("registry:5000/web", "registry:5000/web:latest"),
        ("registry:5000/web:1", "registry:5000/web:1"),
        ("web@sha256:00", "web@sha256:00"),
    ],
)
def test_images_are_named_as_for_kube_scheduler(name: str, known: str) -> None:
    containers = [{"name": "c", "image": name}, {"name": "d", "image": name}]
    assert pod({"containers": containers}).images == (known,)


def test_images_of_init_containers_are_pulled_as_well() -> None:
    init = [{"name": "i", "image": "setup:1"}]
    assert pod({"initContainers": init}).images == ("setup:1",)


def test_small_images_of_a_node_are_not_kept() -> None:
    images = [
        {"names": ["web@sha256:00", "web:1"], "sizeBytes": 23 * 2**20},
        {"names": ["tiny:1"], "sizeBytes": 23 * 2**20 - 1},
        {"names": None, "sizeBytes": 2**30},
        {},
    ]
    node = parsed("Node", a_document(status={"capacity": {"cpu": "1"}, "images": images}))
    assert isinstance(node, Node)
    assert node.images == {"web@sha256:00": 23 * 2**20, "web:1": 23 * 2**20}
