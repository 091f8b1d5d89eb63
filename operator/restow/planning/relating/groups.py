"""Pod groups: all of a group's waiting pods get a place, or none.

A group of which some waiting pods are not ours to place, or not yet, is left alone.

Upstream: `plugins/gangscheduling/gangscheduling.go`.
"""

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey, Uid
from restow.packing.relations import Together
from restow.planning.relating.cast import Cast
from restow.planning.relating.sketch import Relating


def relate(cast: Cast, found: Relating) -> None:
    """Keep the waiting pods of each group together."""
    groups: dict[ObjectKey, set[Uid]] = {}
    for pod in cast.free:
        if pod.group and pod.node is None:
            groups.setdefault(ObjectKey(pod.key.namespace, pod.group), set()).add(pod.uid)
    if not groups:
        return
    every_node = frozenset(cast.snapshot.nodes)
    for key, members in sorted(groups.items()):
        found.add(Together, classes=frozenset(members))
        if {pod.uid for pod in waiting(cast.snapshot, key)} != members:
            found.bar(members, every_node)


def waiting(snapshot: Snapshot, group: ObjectKey) -> tuple[Pod, ...]:
    """Return the pods of a group that have no node, sorted."""
    found = (
        pod
        for pod in snapshot.pods.values()
        if pod.node is None
        and not pod.deleting
        and (pod.key.namespace, pod.group) == (group.namespace, group.name)
    )
    return tuple(sorted(found, key=lambda pod: pod.key))
