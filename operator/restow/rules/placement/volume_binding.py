"""VolumeBinding: bound volumes are reachable from the node, unbound claims can be bound there.

Upstream: `plugins/volumebinding/volume_binding.go` and `binder.go: FindPodVolumes`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.cluster.selectors import holds, matches
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolumeClaim, StorageClass
from restow.core.reasons import Reason, Refusal
from restow.rules import claims
from restow.rules.binding import PodClaims, can_provision
from restow.rules.board import Board
from restow.rules.reach import affinity_at, is_taken
from restow.rules.rule import Prepared, Rule, Scope
from restow.rules.volume_matching import Matching

UNBOUND: Final = "pod has unbound immediate PersistentVolumeClaims"
UNREACHABLE: Final = "node(s) didn't match PersistentVolume's node affinity"
NO_VOLUME: Final = "node(s) didn't find available persistent volumes to bind"
NO_SPACE: Final = "node(s) did not have enough free storage"
UNREADABLE: Final = 'running "VolumeBinding" filter plugin: could not translate pv'
"""How an error begins that ends kube-scheduler's attempt; what follows says what is wrong."""

VOLUME_GONE: Final = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


def prepare(pod: Pod, board: Board) -> Prepared | Refusal | None:
    """Return what the pod's claims say; None when it has none."""
    snapshot = board.snapshot
    if not any(True for _ in claims.claimed(pod)):
        return None
    unusable = _unusable(pod, snapshot)
    if unusable is not None:
        return unusable
    found = PodClaims.of(pod, snapshot)
    if found.immediate:
        names = ", ".join(str(each.key) for each in found.immediate)
        message = f"PersistentVolumeClaims wait for a volume: {names}"
        return Refusal(Reason.CLAIM_UNBOUND, message, (UNBOUND,))
    return Prepared(refuse=partial(_refuse, found, _Unbound(found.delayed, snapshot), snapshot))


def _unusable(pod: Pod, snapshot: Snapshot) -> Refusal | None:
    """Return the first no of a claim that is missing, lost, going away or another pod's."""
    for volume, key in claims.claimed(pod):
        claim = snapshot.claims.get(key)
        if claim is None:
            return claims.not_found(key, _awaited(key.name) if volume.ephemeral else "")
        if claim.lost:
            return claims.volume_not_found(
                claim,
                f'persistentvolumeclaim "{key.name}" bound to non-existent persistentvolume '
                f'"{claim.volume}"',
                Reason.CLAIM_LOST,
            )
        if claim.deleting:
            text = f'persistentvolumeclaim "{key.name}" is being deleted'
            message = f"PersistentVolumeClaim {key} is being deleted"
            return Refusal(Reason.CLAIM_DELETING, message, (text,))
        if volume.ephemeral and not claims.owned(pod, claim):
            return claims.not_owned(pod, claim)
    return None


def _awaited(name: str) -> str:
    return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'


def _refuse(
    found: PodClaims, unbound: "_Unbound", snapshot: Snapshot, node: Node
) -> Refusal | None:
    """Return the no of the bound claims joined with that of the unbound ones, as upstream."""
    bound = _bound_refusal(found, node, snapshot)
    if bound is not None and bound.aborts:
        return bound
    answers = [each for each in (bound, unbound.refusal(node)) if each is not None]
    if len(answers) < 2:
        return answers[0] if answers else None
    answers.sort(key=lambda each: _ORDER.index(each.upstream[0]) if each.upstream else -1)
    return Refusal(
        answers[0].reason,
        "; ".join(each.message for each in answers),
        tuple(text for each in answers for text in each.upstream),
    )


_ORDER: Final = (UNREACHABLE, NO_VOLUME, NO_SPACE, VOLUME_GONE)
"""In which upstream lists the reasons of one node."""


def _bound_refusal(found: PodClaims, node: Node, snapshot: Snapshot) -> Refusal | None:
    """Return the first bound claim's no."""
    for claim in found.bound:
        volume = snapshot.volumes.get(claim.volume)
        if volume is None:
            return claims.volume_not_found(claim, VOLUME_GONE)
        try:
            terms = affinity_at(volume, node, snapshot)
        except ValueError as error:
            return Refusal(Reason.VOLUME_UNREADABLE, str(error), (UNREADABLE,), aborts=True)
        if not is_taken(terms, node):
            message = f"PersistentVolume {volume.name} cannot be reached from the node"
            return Refusal(Reason.VOLUME_UNREACHABLE, message, (UNREACHABLE,))
    return None


class _Unbound:
    """The claims that are to be bound on the node, and the volumes that come into question."""

    def __init__(self, waiting: tuple[PersistentVolumeClaim, ...], snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._selected = tuple(each for each in waiting if each.selected_node is not None)
        others = (each for each in waiting if each.selected_node is None)
        self._matchings = [
            (claim, Matching.of(claim, snapshot))
            for claim in sorted(others, key=lambda claim: claim.request_bytes or 0)
        ]

    def refusal(self, node: Node) -> Refusal | None:
        """Return why one of the claims cannot be bound on the node, or None."""
        for claim in self._selected:
            if claim.selected_node != node.name:
                return _no_volume(claim, f"is being provisioned for node {claim.selected_node}")
        for claim in (*self._selected, *self._unmatched(node)):
            answer = self._provision_refusal(claim, node)
            if answer is not None:
                return answer
        return None

    def _unmatched(self, node: Node) -> Iterator[PersistentVolumeClaim]:
        """Yield the claims for which the node has no volume: these need a provisioner."""
        taken: set[str] = set()
        for claim, matching in self._matchings:
            volume = matching.on(node, taken)
            if volume is None:
                yield claim
            else:
                taken.add(volume.name)

    def _provision_refusal(self, claim: PersistentVolumeClaim, node: Node) -> Refusal | None:
        found = self._snapshot.storage_classes[claim.storage_class]
        if not can_provision(claim, self._snapshot):
            return _no_volume(claim, "has no matching volume that the node reaches")
        if not _is_allowed(found, node):
            return _no_volume(claim, f"cannot be provisioned there: topology of {found.name}")
        if not self._has_space(claim, found, node):
            message = f"{found.name} has no room for PersistentVolumeClaim {claim.key}"
            return Refusal(Reason.STORAGE_EXHAUSTED, message, (NO_SPACE,))
        return None

    def _has_space(self, claim: PersistentVolumeClaim, found: StorageClass, node: Node) -> bool:
        """Tell whether the driver, if it publishes capacity, has enough where the node reaches."""
        driver = self._snapshot.csi_drivers.get(found.provisioner)
        wanted = claim.request_bytes
        if wanted is None or driver is None or not driver.storage_capacity:
            return True
        return any(
            each.storage_class == found.name
            and each.largest_bytes is not None
            and each.largest_bytes >= wanted
            and each.topology is not None
            and matches(each.topology, node.labels)
            for each in self._snapshot.storage_capacities.values()
        )


def _is_allowed(found: StorageClass, node: Node) -> bool:
    """Tell whether the node matches one of the allowed topologies, if there are any."""
    terms = found.allowed_topologies
    return not terms or any(
        term and all(holds(each, node.labels) for each in term) for term in terms
    )


def _no_volume(claim: PersistentVolumeClaim, fact: str) -> Refusal:
    message = f"PersistentVolumeClaim {claim.key} {fact}"
    return Refusal(Reason.NO_MATCHING_VOLUME, message, (NO_VOLUME,))


RULE: Final = Rule(plugin="VolumeBinding", scope=Scope.LOCAL, prepare=prepare)
