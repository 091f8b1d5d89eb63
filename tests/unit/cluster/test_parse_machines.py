"""What is read of KubeVirt's objects."""

from datetime import UTC, datetime
from typing import Any

import pytest

from restow.cluster import serde
from restow.cluster.assembly import assemble
from restow.cluster.machines import (
    KubeVirt,
    Machine,
    MachineMigration,
    MigrationPolicy,
    MigrationTerms,
)
from restow.cluster.parse import KINDS
from restow.cluster.parts import Object
from restow.core.errors import InputError
from restow.core.ids import NodeName, ObjectKey, Uid
from tests.support.objects import GIB, NOW

MIB = 2**20
META = {
    "name": "a",
    "namespace": "x",
    "uid": "u",
    "creationTimestamp": "2026-01-01T00:00:00Z",
}


def read(kind: str, **parts: Any) -> Object:
    found = KINDS[kind].from_document({"metadata": META, **parts})
    assert found is not None
    return found


def machine(spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None) -> Machine:
    found = read("VirtualMachineInstance", spec=spec or {}, status=status or {})
    assert isinstance(found, Machine)
    return found


def migration(status: dict[str, Any], **meta: Any) -> MachineMigration:
    found = KINDS["VirtualMachineInstanceMigration"].from_document(
        {
            "metadata": META | meta,
            "spec": {"vmiName": "vm", "addedNodeSelector": {"kubernetes.io/hostname": "n2"}},
            "status": status,
        }
    )
    assert isinstance(found, MachineMigration)
    return found


def test_a_machine_is_read_with_everything_decisions_rest_on() -> None:
    found = machine(
        {
            "domain": {"cpu": {"model": "Skylake"}, "memory": {"guest": "2Gi"}},
            "nodeSelector": {"disk": "ssd"},
            "evictionStrategy": "LiveMigrate",
        },
        {
            "phase": "Running",
            "nodeName": "n1",
            "conditions": [{"type": "LiveMigratable", "status": "True"}],
        },
    )
    assert found == Machine(
        key=ObjectKey("x", "a"),
        uid=Uid("u"),
        phase="Running",
        node=NodeName("n1"),
        migratable=True,
        eviction_strategy="LiveMigrate",
        node_selector=found.node_selector,
        memory_bytes=2 * GIB,
    )
    assert dict(found.node_selector) == {"disk": "ssd"}


def test_why_a_machine_cannot_migrate_is_quoted() -> None:
    condition = {
        "type": "LiveMigratable",
        "status": "False",
        "reason": "DisksNotLiveMigratable",
        "message": "cannot migrate VMI: PVC root is not shared",
    }
    found = machine(status={"conditions": [condition]})
    assert found.migratable is False
    assert found.obstacle == "DisksNotLiveMigratable: cannot migrate VMI: PVC root is not shared"
    assert machine().migratable is None


@pytest.mark.parametrize(
    ("state", "migrating"),
    [
        (None, False),
        ({}, False),
        ({"migrationUid": "m"}, True),
        ({"migrationUid": "m", "completed": True}, False),
        ({"migrationUid": "m", "failed": True}, False),
    ],
)
def test_a_machine_migrates_from_the_hand_over_to_the_end(
    state: dict[str, Any] | None, migrating: bool
) -> None:
    assert machine(status={"migrationState": state}).migrating is migrating


@pytest.mark.parametrize(
    ("domain", "host_model"),
    [
        ({}, True),
        ({"cpu": {"cores": 2}}, True),
        ({"cpu": {"model": "host-model"}}, True),
        ({"cpu": {"model": "host-passthrough"}}, False),
        ({"cpu": {"model": "Penryn"}}, False),
    ],
)
def test_a_cpu_that_is_not_named_is_taken_for_the_hosts_model(
    domain: dict[str, Any], host_model: bool
) -> None:
    assert machine({"domain": domain}).host_model is host_model


def test_memory_is_what_the_guest_has_now_then_what_it_asked_for() -> None:
    spec = {"domain": {"resources": {"requests": {"memory": "1Gi"}}}}
    assert machine(spec).memory_bytes == GIB
    asked = {"domain": {"memory": {"guest": "2Gi"}, **spec["domain"]}}
    assert machine(asked).memory_bytes == 2 * GIB
    assert machine(asked, {"memory": {"guestCurrent": "4Gi"}}).memory_bytes == 4 * GIB
    with pytest.raises(InputError) as refused:
        machine({"domain": {"memory": {"guest": "much"}}})
    assert refused.value.field == "spec.domain.memory.guest"


def test_a_migration_is_read_with_its_mark_its_target_and_since_when_it_is_where_it_is() -> None:
    found = migration(
        {
            "phase": "Running",
            "phaseTransitionTimestamps": [
                {"phase": "Pending", "phaseTransitionTimestamp": "2026-01-01T00:00:01Z"},
                {"phase": "Running", "phaseTransitionTimestamp": "2026-01-01T00:00:09Z"},
            ],
            "migrationState": {"sourceNode": "n1", "targetPod": "virt-launcher-b"},
        },
        labels={"restow.dev/plan": "plan-1"},
    )
    assert (found.machine, found.phase, found.plan, found.over) == (
        "vm",
        "Running",
        "plan-1",
        False,
    )
    assert dict(found.node_selector) == {"kubernetes.io/hostname": "n2"}
    assert (found.source, found.target_pod) == ("n1", "virt-launcher-b")
    assert found.since == datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC)
    failed = migration({"phase": "Failed", "migrationState": {"failureReason": "too slow"}})
    assert (failed.over, failed.failure, failed.plan) == (True, "too slow", "")


def test_limits_are_kubevirts_defaults_unless_its_configuration_says_otherwise() -> None:
    bare = read("KubeVirt")
    assert isinstance(bare, KubeVirt)
    assert (bare.parallel, bare.outbound, bare.terms.completion_s_per_gib) == (5, 2, 150)
    told = read(
        "KubeVirt",
        spec={
            "configuration": {
                "migrations": {
                    "parallelMigrationsPerCluster": 9,
                    "parallelOutboundMigrationsPerNode": 0,
                    "completionTimeoutPerGiB": 800,
                    "progressTimeout": 30,
                }
            }
        },
        status={"observedKubeVirtVersion": "v1.6.0"},
    )
    assert told == KubeVirt(
        key=ObjectKey("x", "a"),
        version="v1.6.0",
        parallel=9,
        outbound=0,
        progress_s=30,
        terms=MigrationTerms(completion_s_per_gib=800),
    )


def test_kubevirts_objects_are_part_of_the_digest_and_survive_being_written() -> None:
    before = assemble((machine(), migration({}), read("KubeVirt")), taken_at=NOW)
    assert serde.parse(serde.dump(before)) == before
    after = assemble((machine(status={"phase": "Running"}), migration({})), taken_at=NOW)
    assert serde.digest(after) != serde.digest(before)


def test_what_a_migration_may_copy_is_read_of_kubevirt_and_the_machine() -> None:
    def kubevirt(**migrations: Any) -> KubeVirt:
        found = read("KubeVirt", spec={"configuration": {"migrations": migrations}}, status={})
        assert isinstance(found, KubeVirt)
        return found

    assert kubevirt().terms == MigrationTerms()
    assert kubevirt(bandwidthPerMigration="64Mi").terms.bandwidth == 64 * MIB
    assert kubevirt(bandwidthPerMigration="64M").terms.bandwidth == 61 * MIB, "in whole MiB"
    assert kubevirt(bandwidthPerMigration=1).terms.bandwidth == MIB, "and one at least"
    assert kubevirt(allowAutoConverge=True).terms == MigrationTerms(auto_converge=True)
    assert kubevirt(allowWorkloadDisruption=True).terms == MigrationTerms(disruption=True)
    both = MigrationTerms(post_copy=True, disruption=True)
    assert kubevirt(allowPostCopy=True).terms == both, "the one follows the other"
    alone = kubevirt(allowPostCopy=True, allowWorkloadDisruption=False).terms
    assert alone == MigrationTerms(post_copy=True)
    for wrong in ("much", "-1Mi"):
        with pytest.raises(InputError, match=r"spec.configuration.migrations.bandwidthPerMig.*"):
            kubevirt(bandwidthPerMigration=wrong)
    annotated = KINDS["VirtualMachineInstance"].from_document(
        {"metadata": META | {"annotations": {"restow.dev/dirty-rate": "50Mi"}}}
    )
    assert isinstance(annotated, Machine)
    assert annotated.dirty_rate == "50Mi"


def policy(**spec: Any) -> MigrationPolicy:
    found = KINDS["MigrationPolicy"].from_document({"metadata": {"name": "slow"}, "spec": spec})
    assert isinstance(found, MigrationPolicy)
    return found


def test_a_migration_policy_says_for_whom_it_is_and_what_is_otherwise_for_them() -> None:
    found = policy(
        selectors={
            "namespaceSelector": {"team": "db"},
            "virtualMachineInstanceSelector": {"size": "large"},
        },
        bandwidthPerMigration="128Mi",
        completionTimeoutPerGiB=0,
        allowAutoConverge=False,
        allowPostCopy=True,
    )
    assert (dict(found.namespaces), dict(found.machines)) == ({"team": "db"}, {"size": "large"})
    assert (found.bandwidth, found.completion_s_per_gib) == (128 * MIB, 0)
    assert (found.auto_converge, found.post_copy, found.disruption) == (False, True, True)
    assert policy(selectors={}) == MigrationPolicy(name="slow")
    assert policy() == MigrationPolicy(name="slow", selects=False)
    snapshot = assemble((found,), taken_at=NOW)
    assert serde.parse(serde.dump(snapshot)) == snapshot
    assert serde.digest(snapshot) != serde.digest(assemble((), taken_at=NOW))


@pytest.mark.parametrize(
    ("spec", "field", "said"),
    [
        ({"bandwidthPerMigration": "fast"}, "bandwidthPerMigration", "'fast'"),
        ({"bandwidthPerMigration": "-5Mi"}, "bandwidthPerMigration", "'-5Mi' is negative"),
        ({"completionTimeoutPerGiB": -1}, "completionTimeoutPerGiB", "-1 is negative"),
        ({"completionTimeoutPerGiB": "150"}, "completionTimeoutPerGiB", "'150' is not an integer"),
        ({"allowPostCopy": "yes"}, "allowPostCopy", "'yes' is not true or false"),
        ({"selectors": {"namespaceSelector": ["a"]}}, "selectors.namespaceSelector", "mapping"),
    ],
)
def test_a_migration_policy_that_cannot_be_used_is_named_with_its_field(
    spec: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        policy(**spec)
    assert (refused.value.where, refused.value.field) == ("MigrationPolicy slow", f"spec.{field}")
    assert said in str(refused.value)
