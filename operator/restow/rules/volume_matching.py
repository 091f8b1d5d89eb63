"""Which existing volume kube-scheduler would bind an unbound claim to, on a node.

Source: `k8s.io/component-helpers/storage/volume/pv_helpers.go: FindMatchingVolume`. Of several that
are equally large upstream takes any; here it is the first by name.
"""

from collections.abc import Collection, Iterator
from heapq import merge
from typing import Self

from restow.cluster.objects import Node
from restow.cluster.selectors import matches
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolume, PersistentVolumeClaim
from restow.core.ids import NodeName
from restow.rules.reach import is_taken, nodes_taken


class Matching:
    """The volumes that suit a claim, per node, smallest first.

    Parameters
    ----------
    prebound
        The first volume that is meant for this very claim; no other is taken beside it.
    suiting
        Unclaimed volumes that suit it on some node.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        prebound: tuple[PersistentVolume, ...],
        suiting: tuple[PersistentVolume, ...],
    ) -> None:
        self._prebound = prebound
        self._anywhere = tuple(each for each in suiting if each.node_affinity is None)
        self._on: dict[NodeName, list[PersistentVolume]] = {}
        for volume in suiting:
            for name in nodes_taken(volume.node_affinity or (), snapshot):
                self._on.setdefault(name, []).append(volume)

    @classmethod
    def of(cls, claim: PersistentVolumeClaim, snapshot: Snapshot) -> Self:
        """Look through the volumes of the claim's class once."""
        candidates = [
            volume
            for volume in snapshot.volumes_by_class.get(claim.storage_class, ())
            if _is_candidate(volume, claim)
        ]
        return cls(
            snapshot,
            prebound=tuple(each for each in candidates if each.claim is not None),
            suiting=tuple(sorted((v for v in candidates if _suits(v, claim)), key=_order)),
        )

    def on(self, node: Node, taken: Collection[str]) -> PersistentVolume | None:
        """Return the volume for the claim on `node`, None if there is none.

        Parameters
        ----------
        taken
            Names of volumes that other claims of the pod get.
        """
        for volume in self._prebound:
            if volume.name not in taken:
                return volume if is_taken(volume.node_affinity, node) else None
        for volume in self._smallest_first(node):
            if volume.name not in taken:
                return volume
        return None

    def _smallest_first(self, node: Node) -> Iterator[PersistentVolume]:
        yield from merge(self._anywhere, self._on.get(node.name, ()), key=_order)


def is_unclaimed(volume: PersistentVolume) -> bool:
    """Return whether any claim may take the volume."""
    return volume.claim is None and volume.available and not volume.deleting


def _order(volume: PersistentVolume) -> tuple[int, str]:
    return volume.capacity_bytes, volume.name


def _is_candidate(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Tell whether the volume is the claim's or nobody's, large enough and of the same kind."""
    return (
        (volume.claim is None or _is_meant(volume, claim))
        and volume.capacity_bytes >= (claim.request_bytes or 0)
        and volume.volume_mode == claim.volume_mode
        and volume.attributes_class == claim.attributes_class
        and not volume.deleting
    )


def _is_meant(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    return (
        volume.claim is not None
        and volume.claim.key == claim.key
        and volume.claim.uid in {"", claim.uid}
    )


def _suits(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    return (
        is_unclaimed(volume)
        and (claim.selector is None or matches(claim.selector, volume.labels))
        and claim.access_modes <= volume.access_modes
    )
