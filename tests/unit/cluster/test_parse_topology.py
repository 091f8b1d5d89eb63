"""What is read of NUMA zones, and of what pods need out of one of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from restow.cluster import serde
from restow.cluster.assembly import assemble
from restow.cluster.objects import Pod
from restow.cluster.parse import KINDS
from restow.cluster.topology import SINGLE, Alignment, AlignmentScope, NodeTopology, Zone
from restow.core.errors import InputError
from restow.core.frozen import NOTHING, Amounts
from tests.support.objects import GIB, NOW, amounts

CPU = {"name": "cpu", "capacity": "4", "allocatable": "3", "available": "2"}
POLICY = {"name": "topologyManagerPolicy", "value": SINGLE}
SCOPE = {"name": "topologyManagerScope", "value": "pod"}


def topology(**parts: Any) -> NodeTopology:
    meta = {"name": "n1", **parts.pop("meta", {})}
    found = KINDS["NodeResourceTopology"].from_document({"metadata": meta, **parts})
    assert isinstance(found, NodeTopology)
    return found


def test_zones_of_type_node_are_read_with_what_they_have_and_what_is_left() -> None:
    found = topology(
        attributes=[POLICY, SCOPE],
        zones=[
            {"name": "node-0", "type": "Node", "resources": [CPU]},
            {"name": "socket-0", "type": "Socket", "resources": [CPU]},
        ],
        meta={"managedFields": [{"time": "2026-01-01T00:00:00Z"}, {"manager": "x"}]},
    )
    zone = Zone(name="node-0", listed=amounts(cpu_m=4000), available=amounts(cpu_m=2000))
    assert found == NodeTopology(
        name=found.name,
        policy=SINGLE,
        scope=AlignmentScope.POD,
        zones=(zone,),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    whole = assemble([found], taken_at=NOW)
    assert serde.parse(serde.dump(whole)) == whole


@pytest.mark.parametrize(
    ("parts", "policy", "scope"),
    [
        ({}, "none", "container"),
        ({"topologyPolicies": ["SingleNUMANodePodLevel", "None"]}, SINGLE, "pod"),
        ({"topologyPolicies": ["SingleNUMANodeContainerLevel"]}, SINGLE, "container"),
        ({"topologyPolicies": ["RestrictedPodLevel"], "attributes": [POLICY]}, SINGLE, "pod"),
        ({"attributes": [{"name": "topologyManagerPolicy", "value": "?"}]}, "none", "container"),
    ],
)
def test_attributes_count_before_the_older_policies(
    parts: dict[str, Any], policy: str, scope: str
) -> None:
    found = topology(**parts)
    assert (found.policy, found.scope) == (policy, scope)


def test_a_broken_quantity_is_named() -> None:
    resources = [{"name": "cpu", "capacity": "4", "available": "lots"}]
    with pytest.raises(InputError, match=r"zones\[node-0\].resources.available\[cpu\]"):
        topology(zones=[{"name": "node-0", "type": "Node", "resources": resources}])


def a_container(cpu: str, memory: str = "1Gi", **limits: str) -> dict[str, Any]:
    all_of = {"cpu": cpu, "memory": memory, **limits}
    return {"name": "c", "resources": {"limits": all_of}}


def alignment(*containers: dict[str, Any], qos: str | None = None, **spec: Any) -> Alignment | None:
    found = KINDS["Pod"].from_document(
        {
            "metadata": {"name": "a", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"containers": list(containers), **spec},
            "status": {} if qos is None else {"qosClass": qos},
        }
    )
    assert isinstance(found, Pod)
    return found.alignment


def test_whole_cpus_and_memory_of_guaranteed_pods_come_out_of_one_zone() -> None:
    one = amounts(cpu_m=2000, memory_bytes=GIB)
    assert alignment(a_container("2")) == Alignment(beside=(one,), whole=one)


def test_parts_of_cpus_come_from_anywhere() -> None:
    memory = amounts(memory_bytes=GIB)
    assert alignment(a_container("1500m")) == Alignment(beside=(memory,), whole=memory)


def test_of_pods_that_are_not_guaranteed_only_devices_matter() -> None:
    burstable = {"name": "c", "resources": {"requests": {"cpu": "2"}}}
    assert alignment(burstable) is None
    assert alignment(a_container("2"), burstable) is None
    nic = Amounts({"vendor/nic": 1})
    both = {"name": "c", "resources": {"requests": {"cpu": "2"}, "limits": {"vendor/nic": "1"}}}
    assert alignment(both) == Alignment(beside=(nic,), whole=nic)


def test_the_api_servers_word_on_the_class_counts() -> None:
    assert alignment(a_container("2"), qos="Burstable") is None
    assert alignment({"name": "c"}, qos="Guaranteed") is None


def test_init_containers_come_first_and_sidecars_stay() -> None:
    found = alignment(
        a_container("1"),
        initContainers=[a_container("4"), {**a_container("2"), "restartPolicy": "Always"}],
    )
    assert found is not None
    assert [each.of("cpu") for each in found.first] == [4000]
    assert [each.of("cpu") for each in found.beside] == [2000, 1000]
    assert found.whole.of("cpu") == 4000


def test_resources_of_the_pod_as_a_whole_stand_for_its_containers() -> None:
    resources = {"limits": {"cpu": "3", "memory": "1Gi"}}
    found = alignment({"name": "a"}, {"name": "b"}, resources=resources)
    whole = amounts(cpu_m=3000, memory_bytes=GIB)
    assert found == Alignment(beside=(whole,), whole=whole)
    assert NOTHING not in found.beside
