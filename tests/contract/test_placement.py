"""The real kube-scheduler and restow's rules must judge every pod on every node alike.

Each template of a pod is created once per node, tied to it by a label of that node alone, so that
kube-scheduler gives a verdict for every pair. Where it refuses, its message counts the nodes per
reason; the counts must be those of our reasons over all nodes, so that the order of the filters is
compared as well.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from e2e.client import Client, Json, path
from e2e.mirror import Mirrors
from e2e.nodes import a_gpu_node, a_node
from e2e.scenario import Scenario, node_of
from e2e.waiting import eventually
from restow.cluster.assembly import assemble
from restow.cluster.objects import Node, Pod
from restow.cluster.parse import KINDS
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Operator
from restow.core.reasons import Reason
from restow.rules import registry
from restow.rules.placement import host_ports, resources

pytestmark = pytest.mark.cluster

CELL: Final = "contract.restow.dev/node"
"""Label that ties a copy of a template to one node."""

UPSTREAM: Final[Mapping[Reason, str]] = {
    Reason.NODE_UNSCHEDULABLE: "node(s) were unschedulable",
    Reason.UNTOLERATED_TAINT: "node(s) had untolerated taint(s)",
    Reason.NODE_AFFINITY_MISMATCH: "node(s) didn't match Pod's node affinity/selector",
    Reason.HOST_PORT_TAKEN: "node(s) didn't have free ports for the requested pod ports",
}
VERDICT_S: Final = 30.0


def nodes() -> list[Json]:
    cordoned = a_node("c-cordoned")
    cordoned["spec"]["unschedulable"] = True
    made = [
        a_node("c-plain", labels={"zone": "a", "gen": "7"}),
        a_node("c-other", labels={"zone": "b", "gen": "12", "odd": "7x", "empty": ""}),
        a_node("c-third", labels={"zone": "b", "gen": "03"}),
        a_node("c-tainted", taints=(taint("team", "NoSchedule", "blue"),)),
        a_node("c-spot", taints=(taint("spot", "NoExecute"), taint("team", "NoSchedule", "red"))),
        a_node("c-soft", taints=(taint("spot", "PreferNoSchedule"),)),
        cordoned,
        a_gpu_node("c-gpu", 8, taints=(taint("nvidia.com/gpu", "NoSchedule"),)),
        a_node("c-mig", extended={"nvidia.com/mig-1g.10gb": "7", "hugepages-2Mi": "64Mi"}),
        a_node("c-small", cpu="1", memory="1Gi", pods=2),
        a_node("c-crowded", pods=1),
        a_node("c-ports"),
        a_node("c-overfull", cpu="2", memory="4Gi"),
    ]
    for node in made:
        node["metadata"]["labels"][CELL] = node["metadata"]["name"]
    return made


def taint(key: str, effect: str, value: str = "") -> Json:
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


def container(name: str = "main", *, ports: tuple[Json, ...] = (), **requests: str) -> Json:
    named = {"_gpu": "nvidia.com/gpu", "_mig": "nvidia.com/mig-1g.10gb", "_huge": "hugepages-2Mi"}
    amounts = {
        named.get(key, key).replace("ephemeral", "ephemeral-storage"): text
        for key, text in requests.items()
    }
    limits = {key: text for key, text in amounts.items() if "/" in key or "huge" in key}
    return {
        "name": name,
        "image": "registry.k8s.io/pause:3.10",
        "ports": list(ports),
        "resources": {"requests": amounts, "limits": limits},
    }


def port(number: int, *, protocol: str = "TCP", ip: str = "") -> Json:
    asked = {"containerPort": number, "hostPort": number, "protocol": protocol}
    return asked | ({"hostIP": ip} if ip else {})


def pod(*containers: Json, **spec: object) -> Json:
    return {"containers": list(containers) or [container()], **spec}


FILLERS: Final[Mapping[str, Json]] = {
    "c-small": pod(container(cpu="500m", memory="512Mi")),
    "c-crowded": pod(),
    "c-ports": pod(
        container(
            ports=(
                port(80),
                port(443, ip="10.0.0.1"),
                port(53, protocol="UDP"),
            )
        )
    ),
    # put there past the scheduler, more than the node has
    "c-overfull": pod(container(cpu="3", memory="1Gi")),
}


def tolerating(*tolerations: Json) -> Json:
    return pod(tolerations=list(tolerations))


def required(*terms: Json) -> Json:
    selector = {"nodeSelectorTerms": list(terms)}
    return pod(
        affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": selector}}
    )


def asks(key: str, operator: str, *values: str) -> Json:
    return {"key": key, "operator": operator} | ({"values": list(values)} if values else {})


def expressions(*requirements: Json) -> Json:
    return {"matchExpressions": list(requirements)}


def named(operator: str, *names: str) -> Json:
    return {"matchFields": [asks("metadata.name", operator, *names)]}


TEMPLATES: Final[Mapping[str, Json]] = {
    "plain": pod(),
    # taints and the cordon
    "tolerates-all": tolerating({"operator": "Exists"}),
    "tolerates-no-execute": tolerating({"operator": "Exists", "effect": "NoExecute"}),
    "tolerates-blue": tolerating({"key": "team", "value": "blue"}),
    "tolerates-team": tolerating({"key": "team", "operator": "Exists", "effect": "NoSchedule"}),
    "tolerates-red-spot": tolerating(
        {"key": "spot", "operator": "Exists"}, {"key": "team", "operator": "Equal", "value": "red"}
    ),
    "tolerates-wrong-effect": tolerating({"key": "team", "value": "blue", "effect": "NoExecute"}),
    "tolerates-empty-value": tolerating({"key": "team", "operator": "Equal"}),
    "tolerates-cordon": tolerating(
        {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}
    ),
    "tolerates-cordon-no-execute": tolerating(
        {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoExecute"}
    ),
    # node selector and affinity
    "selects-zone": pod(nodeSelector={"zone": "a"}),
    "selects-empty": pod(nodeSelector={"empty": ""}),
    "selects-both": pod(nodeSelector={"zone": "b", "gen": "12"}),
    "in": required(expressions(asks("zone", "In", "a", "c"))),
    "not-in": required(expressions(asks("zone", "NotIn", "a"))),
    "exists": required(expressions(asks("odd", "Exists"))),
    "does-not-exist": required(expressions(asks("zone", "DoesNotExist"))),
    "gt": required(expressions(asks("gen", "Gt", "7"))),
    "gt-leading-zero": required(expressions(asks("gen", "Gt", "002"))),
    "lt": required(expressions(asks("gen", "Lt", "8"))),
    "lt-no-number": required(expressions(asks("odd", "Lt", "8"))),
    "and": required(expressions(asks("zone", "In", "b"), asks("gen", "Gt", "0"))),
    "or": required(expressions(asks("zone", "In", "a")), expressions(asks("gen", "In", "03"))),
    "empty-term": required({}),
    "empty-term-or-zone": required({}, expressions(asks("zone", "In", "a"))),
    "field-in": required(named("In", "c-plain")),
    "field-not-in": required(named("NotIn", "c-plain")),
    "field-and-label": required(expressions(asks("zone", "In", "b")) | named("NotIn", "c-other")),
    "field-or-label": required(named("In", "c-soft"), expressions(asks("zone", "In", "a"))),
    "selector-and-affinity": required(expressions(asks("gen", "Exists")))
    | {"nodeSelector": {"zone": "b"}},
    "affinity-and-toleration": required(expressions(asks("nvidia.com/gpu.count", "Gt", "4")))
    | {"tolerations": [{"operator": "Exists"}]},
    # host ports
    "port": pod(container(ports=(port(80),))),
    "port-of-one-address": pod(container(ports=(port(80, ip="10.0.0.9"),))),
    "port-of-taken-address": pod(container(ports=(port(443, ip="10.0.0.1"),))),
    "port-of-other-address": pod(container(ports=(port(443, ip="10.0.0.2"),))),
    "port-of-every-address": pod(container(ports=(port(443),))),
    "port-of-ipv6": pod(container(ports=(port(443, ip="::"),))),
    "port-tcp-beside-udp": pod(container(ports=(port(53),))),
    "port-udp": pod(container(ports=(port(53, protocol="UDP"),))),
    "port-on-host-network": pod(container(ports=({"containerPort": 80},)), hostNetwork=True),
    "port-of-init-container": pod(
        container(), initContainers=[container("init", ports=(port(80),))]
    ),
    "port-of-sidecar": pod(
        container(),
        initContainers=[container("side", ports=(port(80),)) | {"restartPolicy": "Always"}],
    ),
    # resources
    "half-a-cpu": pod(container(cpu="500m")),
    "more-than-half-a-cpu": pod(container(cpu="501m")),
    "memory-only": pod(container(memory="512Mi")),
    "cpu-and-memory": pod(container(cpu="2", memory="3Gi")),
    "too-big": pod(container(cpu="64", memory="1Pi")),
    "ephemeral": pod(container(ephemeral="101Gi")),
    "gpu": pod(container(_gpu="8"), tolerations=[{"operator": "Exists"}]),
    "gpu-too-many": pod(container(_gpu="9"), tolerations=[{"operator": "Exists"}]),
    "gpu-without-toleration": pod(container(_gpu="1")),
    "mig": pod(container(_mig="7")),
    "hugepages": pod(container(_huge="64Mi", memory="64Mi", cpu="1m")),
    "hugepages-too-many": pod(container(_huge="66Mi", memory="64Mi", cpu="1m")),
    "two-containers": pod(container(cpu="300m"), container("other", cpu="201m")),
    "init-container-decides": pod(
        container(cpu="100m"), initContainers=[container("init", cpu="501m")]
    ),
    "init-container-fits": pod(
        container(cpu="100m"), initContainers=[container("init", cpu="500m")]
    ),
    "sidecar-adds-up": pod(
        container(cpu="300m"),
        initContainers=[container("side", cpu="201m") | {"restartPolicy": "Always"}],
    ),
    "sidecar-beside-init": pod(
        container(cpu="100m"),
        initContainers=[
            container("side", cpu="100m") | {"restartPolicy": "Always"},
            container("init", cpu="401m"),
        ],
    ),
    "pod-level": pod(container(cpu="100m"), resources={"requests": {"cpu": "501m"}}),
    "pod-level-fits": pod(container(cpu="100m"), resources={"requests": {"cpu": "500m"}}),
    "everything": pod(
        container(cpu="1", memory="1Gi", ports=(port(8080),)),
        nodeSelector={"zone": "b"},
        tolerations=[{"operator": "Exists"}],
    ),
}


@pytest.fixture(scope="module")
def ground(cluster: Client, mirrors: Mirrors) -> Iterator[Scenario]:
    """The nodes with the fillers on them, for all templates."""
    made = Scenario(cluster, mirrors)
    made.apply(*nodes())
    eventually(  # pods are refused before a controller has made it
        lambda: made.client.kubectl("get", "serviceaccounts", "-oname", "-n", made.namespace),
        within_s=VERDICT_S,
        what="the namespace has its service account",
    )
    made.apply(*(manifest(f"on-{at}", spec | {"nodeName": at}) for at, spec in FILLERS.items()))
    made.wait_running(len(FILLERS))
    own = {node["metadata"]["name"]: hard_taints(node) for node in nodes()}
    eventually(
        lambda: {node["metadata"]["name"]: hard_taints(node) for node in made.nodes()},
        until=lambda seen: seen.items() >= own.items(),
        within_s=VERDICT_S,
        what="the nodes keep no taint but their own",
    )
    yield made
    made.clean()


@pytest.fixture(scope="module")
def before(ground: Scenario) -> Snapshot:
    """The cluster without the pods to judge."""
    found = [
        KINDS[kind].from_document(document)
        for kind in ("Node", "Pod")
        for document in ground.client.list(kind)
    ]
    objects = [each for each in found if isinstance(each, Node | Pod)]
    return assemble(objects, taken_at=datetime.now(UTC))


@pytest.mark.parametrize("template", TEMPLATES)
def test_kube_scheduler_and_restow_judge_alike(
    template: str, ground: Scenario, before: Snapshot
) -> None:
    places = [node["metadata"]["name"] for node in nodes()]
    for at in places:
        ground.client.request(
            "POST",
            path("Pod", ground.namespace),
            body=manifest(f"{template}-{at}", tied(template, at), template),
        )
    judged = ground.wait_pods(
        lambda pods: len(pods) == len(places) and all(node_of(p) or said(p) for p in pods),
        labels=f"case={template}",
        within_s=VERDICT_S,
        what=f"kube-scheduler judges {template}",
    )
    ground.client.request(
        "DELETE",
        path("Pod", ground.namespace),
        query={"labelSelector": f"case={template}", "gracePeriodSeconds": "0"},
    )
    wrong = [problem for each in judged if (problem := disagreement(each, before))]
    assert not wrong, "\n".join(wrong)


def disagreement(document: Json, before: Snapshot) -> str | None:
    """Return where kube-scheduler and restow differ about one pod, or None."""
    parsed = KINDS["Pod"].from_document(document)
    assert isinstance(parsed, Pod)
    pod = replace(parsed, node=None)
    ours = {name: reasons(pod, node, before) for name, node in before.nodes.items()}
    place = next(name for name in ours if name == document["spec"]["nodeSelector"][CELL])
    theirs = said(document)
    title = f"{document['metadata']['name']}: kube-scheduler {theirs or 'takes it'!r}, restow "
    if bool(theirs) != bool(ours[place]):
        return f"{title}{ours[place] or 'takes it'}"
    expected = Counter(reason for each in ours.values() for reason in each)
    if theirs and not names_nodes(pod) and counted(theirs) != expected:
        return f"{title}{dict(expected)}"
    return None


def reasons(pod: Pod, node: Node, before: Snapshot) -> tuple[str, ...]:
    """Return why restow refuses the pod on the node, in kube-scheduler's words; empty if not."""
    refusal = registry.refusal(pod, node)
    if refusal is None:
        taken = [each for other in before.pods_by_node[node.name] for each in other.host_ports]
        refusal = host_ports.refuse(pod, taken)
    if refusal is not None:
        return (UPSTREAM[refusal.reason],)
    refusal = resources.refuse(pod, before.free[node.name])
    return () if refusal is None else tuple(re.findall(r"(?:^|; )([^:]+):", refusal.message))


def counted(message: str) -> Counter[str]:
    """Return how many nodes each reason of a FailedScheduling message counts."""
    verdict = message.partition(" nodes are available: ")[2].partition(". preemption:")[0]
    found = re.findall(r"(\d+) (.+?)(?=, \d+ |\.?$)", verdict)
    return Counter({reason: int(number) for number, reason in found})


def names_nodes(pod: Pod) -> bool:
    """Return whether every term names nodes: kube-scheduler then looks at no others."""
    return bool(pod.node_affinity) and all(
        any(each.operator is Operator.IN for each in term.fields)
        for term in pod.node_affinity or ()
    )


def said(document: Json) -> str:
    """Return why kube-scheduler gave up on the pod, empty if it did not."""
    for each in document.get("status", {}).get("conditions", ()):
        if each["type"] == "PodScheduled" and each.get("reason") == "Unschedulable":
            return str(each["message"])
    return ""


def tied(template: str, place: str) -> Json:
    spec = TEMPLATES[template]
    return spec | {"nodeSelector": {**spec.get("nodeSelector", {}), CELL: place}}


def manifest(name: str, spec: Json, case: str = "filler") -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"case": case}},
        "spec": spec | {"terminationGracePeriodSeconds": 0},
    }


def hard_taints(node: Json) -> set[str]:
    cordon = "node.kubernetes.io/unschedulable"  # a controller adds it to the cordoned node
    return {each["key"] for each in node["spec"].get("taints", ())} - {cordon}
