"""On what terms a virtual machine migrates: KubeVirt's, or those of the MigrationPolicy for it.

Of the policies whose labels all match, the one with most labels counts; of as many, the one with
more labels of the machine itself; then the first by name (kubevirt v1.6
`pkg/virt-controller/watch/migration/migrationpolicy.go: matchPolicy, countMatchingLabels`). What it
does not say stays KubeVirt's (kubevirt.io/api v1.6 `migrations/v1alpha1/types.go:
GetMigrationConfByPolicy`).
"""

from dataclasses import replace
from typing import Any

from restow.cluster.machines import Machine, MigrationPolicy, MigrationTerms
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import NO_LABELS, Labels
from restow.rules import machines


def terms(machine: Machine, snapshot: Snapshot) -> MigrationTerms:
    """Return the terms of the machine's migrations; KubeVirt's defaults where none is known."""
    kubevirt = machines.kubevirt(snapshot)
    common = MigrationTerms() if kubevirt is None else kubevirt.terms
    policy = _chosen(machine, snapshot)
    if policy is None:
        return common
    said = {
        "completion_s_per_gib": policy.completion_s_per_gib,
        "bandwidth": policy.bandwidth,
        "auto_converge": policy.auto_converge,
        "post_copy": policy.post_copy,
        "disruption": policy.disruption,
    }
    changed: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    return replace(common, policy=policy.name, **changed) if changed else common


def _chosen(machine: Machine, snapshot: Snapshot) -> MigrationPolicy | None:
    namespace = snapshot.namespaces.get(machine.key.namespace)
    around = NO_LABELS if namespace is None else namespace.labels
    found = (
        each for each in snapshot.migration_policies.values() if _is_for(each, machine, around)
    )
    return min(found, key=lambda each: (*_rank(each, machine), each.name), default=None)


def _is_for(policy: MigrationPolicy, machine: Machine, around: Labels) -> bool:
    """Return whether the policy selects the machine; any does that has none of its own labels.

    Upstream asks for neither selector then; a machine that runs has labels, KubeVirt's.
    """
    if not policy.selects or not machine.labels:
        return policy.selects
    return _within(policy.machines, machine.labels) and _within(policy.namespaces, around)


def _rank(policy: MigrationPolicy, machine: Machine) -> tuple[int, int]:
    """Return what makes a policy the better match, the least first."""
    if not machine.labels:
        return 0, 0
    own = len(policy.machines)
    return -(own + len(policy.namespaces)), -own


def _within(asked: Labels, labels: Labels) -> bool:
    return all(labels.get(key) == text for key, text in asked.items())
