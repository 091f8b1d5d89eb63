"""NodeVolumeLimits: how many volumes a CSI driver can attach to a node.

Upstream: `plugins/nodevolumelimits/csi.go`. With the gate VolumeLimitScaling, on by default since
1.37, pods also stay off nodes without a driver that insists on it.
"""

from typing import Final

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Reason, Refusal
from restow.rules import claims, csi_migration
from restow.rules.attaching import Attachable, attachables, in_use, limits, per_driver
from restow.rules.board import Board
from restow.rules.rule import Prepared, Rule, Scope

UNREADABLE: Final = 'running "NodeVolumeLimits" filter plugin: converting volume'
"""How an error begins that ends kube-scheduler's attempt; what follows says what is wrong."""

LIMIT_EXCEEDED: Final = "node(s) exceed max volume count"


def prepare(pod: Pod, board: Board) -> Prepared | None:
    """Return what the drivers of each node say; None for a pod without claim or migrated disk."""
    if not any(
        each.claim is not None or (each.disk is not None and csi_migration.is_migratable(each.disk))
        for each in pod.volumes
    ):
        return None
    snapshot = board.snapshot
    missing = _missing_claim(pod, snapshot)
    wanted = {migrated: attachables(pod, snapshot, migrated=migrated) for migrated in (False, True)}
    uncountable = _uncountable(pod)

    def refuse(node: Node) -> Refusal | None:
        migrated = node.name in snapshot.csi_nodes
        unreadable = missing or (uncountable if migrated else None)
        if unreadable is not None:
            return unreadable
        volumes = wanted[migrated]
        if not volumes:
            return None
        return _missing_driver(volumes, node, snapshot) or _too_many(volumes, node, board)

    return Prepared(refuse=refuse)


def _missing_claim(pod: Pod, snapshot: Snapshot) -> Refusal | None:
    """Return the no of a claim that cannot be counted; upstream finds it again on every node."""
    for volume, key in claims.claimed(pod):
        claim = snapshot.claims.get(key)
        if claim is None:
            text = f'looking up PVC {key}: persistentvolumeclaim "{key.name}" not found'
            return claims.not_found(key, text)
        if volume.ephemeral and not claims.owned(pod, claim):
            return claims.not_owned(pod, claim)
    return None


def _uncountable(pod: Pod) -> Refusal | None:
    """Return the no of a disk that breaks upstream's count where its plugin is migrated."""
    for each in pod.volumes:
        disk = each.disk
        if disk is not None and csi_migration.is_untranslatable(disk):
            message = f"volume {each.name} of pod {pod.key} names a disk without a CSI equivalent"
            return Refusal(Reason.VOLUME_UNREADABLE, message, (UNREADABLE,), aborts=True)
    return None


def _missing_driver(
    volumes: frozenset[Attachable], node: Node, snapshot: Snapshot
) -> Refusal | None:
    installed = snapshot.csi_nodes.get(node.name)
    present = () if installed is None else tuple(each.name for each in installed.drivers)
    for name in sorted({each.driver for each in volumes}):
        driver = snapshot.csi_drivers.get(name)
        if driver is not None and driver.required_on_node and name not in present:
            return Refusal(
                Reason.DRIVER_MISSING,
                f"CSI driver {name} does not run on the node",
                (f"{name} CSI driver is not installed on the node",),
            )
    return None


def _too_many(volumes: frozenset[Attachable], node: Node, board: Board) -> Refusal | None:
    most = limits(node.name, board.snapshot)
    if not most:
        return None
    for other in board.pods(node.name):
        unreadable = _uncountable(other)
        if unreadable is not None:
            return unreadable
    load = in_use(node.name, board)
    counts, used = per_driver(volumes - load.wanted), load.per_driver()
    for driver, count in sorted(counts.items()):
        if driver in most and used[driver] + count > most[driver]:
            return Refusal(
                Reason.VOLUME_LIMIT,
                f"{driver} can attach {most[driver]} volumes to the node: {used[driver]} are "
                f"attached, {count} needed",
                (LIMIT_EXCEEDED,),
            )
    return None


RULE: Final = Rule(plugin="NodeVolumeLimits", scope=Scope.LOAD, prepare=prepare)
