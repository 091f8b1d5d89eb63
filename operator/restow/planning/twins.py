"""Twins: pods of one ReplicaSet are alike, so any of them may stand for another."""

from restow.cluster.objects import OwnerRef

ALIKE = frozenset({"ReplicaSet", "ReplicationController"})


def twins(owner: OwnerRef | None, other: OwnerRef | None) -> bool:
    """Whether the pods of the two controllers stand for one another.

    Those of a StatefulSet have names and volumes of their own, those of a Job may have an index.
    """
    return (
        owner is not None and other is not None and owner.uid == other.uid and owner.kind in ALIKE
    )
