"""Virtual machines, their migrations, and KubeVirt itself."""

from datetime import UTC, datetime
from typing import Final

from restow.cluster.machines import (
    KubeVirt,
    Machine,
    MachineMigration,
    MigrationPolicy,
    MigrationTerms,
)
from restow.cluster.parse import wire_machines as wires
from restow.cluster.parse.metadata import annotations_of, created_at, key_of, labels_of, uid_of
from restow.cluster.parse.problems import FieldError
from restow.cluster.parse.wire import Quantity
from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import NodeName
from restow.core.marks import DIRTY_RATE, PLAN
from restow.core.quantity import value

_MIGRATABLE: Final = "LiveMigratable"
_BANDWIDTH: Final = "bandwidthPerMigration"
_COMPLETION: Final = "completionTimeoutPerGiB"
_MIB: Final = 2**20
_HOST_MODEL: Final = frozenset({"host-model", ""})
"""CPU models that are the host's; one that is not said becomes the cluster's default, which is."""


def machine(wire: wires.Machine) -> Machine:
    """Return the virtual machine.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    spec, status = wire.spec, wire.status
    state, cpu = status.migration_state, spec.domain.cpu
    says = next((c for c in status.conditions or () if c.type == _MIGRATABLE), None)
    obstacle = ""
    if says is not None and says.status != "True":
        obstacle = ": ".join(part for part in (says.reason, says.message) if part)
    return Machine(
        key=key_of(wire.metadata, namespaced=True),
        uid=uid_of(wire.metadata),
        labels=labels_of(wire.metadata),
        phase=status.phase or "",
        node=NodeName(status.node_name) if status.node_name else None,
        migratable=None if says is None else says.status == "True",
        obstacle=obstacle,
        eviction_strategy=spec.eviction_strategy or "",
        node_selector=Labels(spec.node_selector) if spec.node_selector else NO_LABELS,
        host_model=(cpu.model if cpu is not None and cpu.model else "") in _HOST_MODEL,
        memory_bytes=_memory(wire),
        migrating=state is not None
        and bool(state.migration_uid)
        and not (state.completed or state.failed),
        evacuating=bool(status.evacuation_node_name),
        dirty_rate=annotations_of(wire.metadata).get(DIRTY_RATE, ""),
        deleting=wire.metadata.deletion_timestamp is not None,
    )


def migration(wire: wires.Migration) -> MachineMigration:
    """Return the migration.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    phase, state = wire.status.phase or "", wire.status.migration_state
    return MachineMigration(
        key=key_of(wire.metadata, namespaced=True),
        uid=uid_of(wire.metadata),
        machine=wire.spec.vmi_name or "",
        phase=phase,
        plan=labels_of(wire.metadata).get(PLAN, ""),
        node_selector=Labels(wire.spec.added_node_selector or {}),
        source=(state.source_node if state is not None else None) or "",
        target_pod=(state.target_pod if state is not None else None) or "",
        failure=(state.failure_reason if state is not None else None) or "",
        since=_since(wire, phase),
        created_at=created_at(wire.metadata),
        deleting=wire.metadata.deletion_timestamp is not None,
    )


def kubevirt(wire: wires.KubeVirt) -> KubeVirt:
    """Return KubeVirt's version and the limits of its migrations, its defaults where none is set.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    configuration = wire.spec.configuration
    asked = configuration.migrations if configuration is not None else None
    default = KubeVirt(key=key_of(wire.metadata, namespaced=True))
    found = asked or wires.MigrationConfiguration()

    def said(amount: int | None, otherwise: int) -> int:
        return otherwise if amount is None else amount

    return KubeVirt(
        key=default.key,
        version=wire.status.observed_kube_virt_version or "",
        parallel=said(found.parallel_migrations_per_cluster, default.parallel),
        outbound=said(found.parallel_outbound_migrations_per_node, default.outbound),
        progress_s=said(found.progress_timeout, default.progress_s),
        terms=MigrationTerms(
            completion_s_per_gib=said(
                found.completion_timeout_per_gib, default.terms.completion_s_per_gib
            ),
            bandwidth=_bandwidth(
                found.bandwidth_per_migration or 0, "spec.configuration.migrations"
            ),
            auto_converge=bool(found.allow_auto_converge),
            post_copy=bool(found.allow_post_copy),
            disruption=bool(_disruption(found)),
        ),
    )


def migration_policy(wire: wires.MigrationPolicy) -> MigrationPolicy:
    """Return the MigrationPolicy.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    spec, asked = wire.spec, wire.spec.bandwidth_per_migration
    selectors = spec.selectors or wires.PolicySelectors()
    completion = spec.completion_timeout_per_gib
    if completion is not None and completion < 0:
        raise _negative(f"spec.{_COMPLETION}", completion)
    return MigrationPolicy(
        name=key_of(wire.metadata, namespaced=False).name,
        selects=spec.selectors is not None,
        machines=Labels(selectors.virtual_machine_instance_selector or {}),
        namespaces=Labels(selectors.namespace_selector or {}),
        completion_s_per_gib=completion,
        bandwidth=None if asked is None else _bandwidth(asked, "spec"),
        auto_converge=spec.allow_auto_converge,
        post_copy=spec.allow_post_copy,
        disruption=_disruption(spec),
    )


def _disruption(asked: wires.MigrationTerms) -> bool | None:
    """Return whether a migration may disturb its machine in order to end; None if that is not said.

    It follows `allowPostCopy` where it is not said (v1.6 `pkg/virt-config/virt-config.go:
    GetMigrationConfiguration`, kubevirt.io/api `migrations/v1alpha1/types.go:
    GetMigrationConfByPolicy`).
    """
    said = asked.allow_workload_disruption
    return asked.allow_post_copy if said is None else said


def _bandwidth(amount: Quantity, where: str) -> int:
    """Return the bandwidth as libvirt is told it: in whole MiB, at least one, 0 for no limit.

    v1.6 `pkg/virt-launcher/virtwrap/converter/vcpu/vcpu.go: QuantityToMebiByte`.

    Raises
    ------
    FieldError
        When it is no amount, or negative.
    """
    asked = _bytes(amount, f"{where}.{_BANDWIDTH}")
    if asked < 0:
        raise _negative(f"{where}.{_BANDWIDTH}", amount)
    return max(_MIB, (asked + _MIB // 2) // _MIB * _MIB) if asked else 0


def _negative(field: str, found: object) -> FieldError:
    return FieldError(field, f"{found!r} is negative", "write 0 for no limit, or more")


def _memory(wire: wires.Machine) -> int:
    """Return what the guest has, in bytes: as it is now, as it asked for, as its pod requests."""
    domain, now = wire.spec.domain, wire.status.memory
    requests = domain.resources.requests if domain.resources is not None else None
    asked = (
        (now.guest_current if now is not None else None, "status.memory.guestCurrent"),
        (domain.memory.guest if domain.memory is not None else None, "spec.domain.memory.guest"),
        ((requests or {}).get("memory"), "spec.domain.resources.requests[memory]"),
    )
    return next((_bytes(amount, field) for amount, field in asked if amount is not None), 0)


def _bytes(amount: Quantity, field: str) -> int:
    try:
        return value(str(amount))
    except ValueError as error:
        raise FieldError(
            field, str(error), "write a Kubernetes quantity such as 512Mi or 4Gi"
        ) from None


def _since(wire: wires.Migration, phase: str) -> datetime | None:
    moments = (
        each.phase_transition_timestamp
        for each in wire.status.phase_transition_timestamps or ()
        if each.phase == phase and each.phase_transition_timestamp is not None
    )
    moment = next(moments, None)
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
