"""Migrations of virtual machines on a real API server, with the chart's own rights.

KubeVirt's CRDs are stand-ins (`e2e/kubevirt/crds.yaml`); nobody carries the migrations out.
"""

import copy
from collections.abc import AsyncIterator, Iterator

import pytest

from e2e.client import Client, Json
from e2e.kubevirt.manifests import a_kubevirt
from e2e.release import NAMESPACE as OURS
from e2e.release import Release
from e2e.waiting import eventually
from restow.core.ids import ObjectKey, PodRef, Uid
from restow.executors.cluster import ClusterExecutor
from restow.planning.acts import ActStatus, CancelMigration, Migrate
from restow.sources.client import connect
from restow.sources.live import LiveSource

pytestmark = pytest.mark.cluster

SPACE = "migrations"
KIND = "VirtualMachineInstanceMigration"
CRD = "virtualmachineinstancemigrations.kubevirt.io"
ACT = Migrate(
    plan="plan-1",
    pod=PodRef(ObjectKey(SPACE, "virt-launcher-vm-a"), Uid("u")),
    vmi="vm",
    name="plan-1-0",
    hostname="node-b",
)


@pytest.fixture(scope="module")
def space(cluster: Client, release: Release, kubevirt_crds: None) -> Iterator[Client]:
    release.pod()
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    yield cluster
    cluster.delete("Namespace", SPACE)


@pytest.fixture
async def executor(release: Release, space: Client) -> AsyncIterator[ClusterExecutor]:
    async with await connect(release.identity().kubeconfig) as api:
        yield ClusterExecutor(api, namespace=OURS)
    for each in space.list(KIND, SPACE):
        space.delete(KIND, each["metadata"]["name"], namespace=SPACE)


async def test_a_migration_is_made_once_with_its_mark_and_its_target(
    executor: ClusterExecutor, space: Client
) -> None:
    for _ in range(2):
        assert (await executor.perform(ACT)).status is ActStatus.DONE
    (made,) = space.list(KIND, SPACE)
    assert made["metadata"]["name"] == "plan-1-0"
    assert made["metadata"]["labels"] == {"restow.dev/plan": "plan-1"}
    assert made["spec"] == {
        "vmiName": "vm",
        "addedNodeSelector": {"kubernetes.io/hostname": "node-b"},
    }


async def test_a_migration_is_called_off_once_and_no_other_one_in_its_place(
    executor: ClusterExecutor, space: Client
) -> None:
    await executor.perform(ACT)
    (made,) = space.list(KIND, SPACE)
    key = ObjectKey(SPACE, "plan-1-0")
    other = CancelMigration(migration=key, uid=Uid("another"))
    assert (await executor.perform(other)).status is ActStatus.GONE
    assert len(space.list(KIND, SPACE)) == 1
    call = CancelMigration(migration=key, uid=Uid(made["metadata"]["uid"]))
    for _ in range(2):
        assert (await executor.perform(call)).status is ActStatus.DONE
    assert space.list(KIND, SPACE) == []


@pytest.fixture
def older(space: Client) -> Iterator[None]:
    """A KubeVirt whose migrations have no `addedNodeSelector`."""
    crd = space.get("CustomResourceDefinition", CRD)
    put(space, crd, without=True)
    yield
    put(space, crd, without=False)


def put(client: Client, crd: Json, *, without: bool) -> None:
    """Write the CRD with the field, or without, and wait until it is in force."""
    changed: Json = copy.deepcopy(crd["spec"])
    fields = changed["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    if without:
        del fields["addedNodeSelector"]
    client.patch("CustomResourceDefinition", CRD, {"spec": changed})

    def known() -> bool:
        probe = {
            "apiVersion": "kubevirt.io/v1",
            "kind": KIND,
            "metadata": {"name": "probe", "namespace": SPACE},
            "spec": {"vmiName": "vm", "addedNodeSelector": {"a": "b"}},
        }
        made = client.create(probe)
        client.delete(KIND, "probe", namespace=SPACE)
        return "addedNodeSelector" in made["spec"]

    eventually(known, within_s=20, what="the CRD is in force", until=lambda k: k is not without)


async def test_a_migration_whose_target_is_dropped_is_taken_back(
    older: None, executor: ClusterExecutor, space: Client
) -> None:
    answer = await executor.perform(ACT)
    assert answer.status is ActStatus.REFUSED
    assert "addedNodeSelector" in answer.message
    assert space.list(KIND, SPACE) == []


async def test_the_live_source_reads_kubevirt(
    executor: ClusterExecutor, space: Client, release: Release
) -> None:
    await executor.perform(ACT)
    space.create(a_kubevirt() | {"metadata": {"name": "kubevirt", "namespace": SPACE}})
    async with (
        await connect(release.identity().kubeconfig) as api,
        LiveSource(api) as source,
    ):
        await source.wait_synced(30)
        snapshot = source.snapshot()
    assert not snapshot.absent & {KIND, "VirtualMachineInstance", "KubeVirt"}
    found = snapshot.migrations[ObjectKey(SPACE, "plan-1-0")]
    assert (found.machine, found.plan, found.over) == ("vm", "plan-1", False)
    assert snapshot.kubevirts[ObjectKey(SPACE, "kubevirt")].parallel == 5
    space.delete("KubeVirt", "kubevirt", namespace=SPACE)
