"""What one snapshot has in common with the one before, so that little has to be looked at again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress, count
from operator import is_not
from typing import Any, NamedTuple

from restow.cluster.objects import Node, Pod, by_key
from restow.core.frozen import NOTHING, total
from restow.core.ids import NodeName, ObjectKey, Uid


class Changed(NamedTuple):
    """A pod as it was and as it is; None for one that was not, or is no more, there."""

    before: Pod | None
    after: Pod | None

    @property
    def versions(self) -> tuple[Pod, ...]:
        """The pod as it was and as it is, as far as it was and is."""
        return tuple(pod for pod in self if pod is not None)


def changed_pods(
    before: Mapping[ObjectKey, Pod], after: Mapping[ObjectKey, Pod]
) -> tuple[Changed, ...]:
    """Return the pods that are not the very same objects, sorted by key."""
    if before is after:
        return ()
    was, now = tuple(before.values()), tuple(after.values())
    head = _alike(was, now)
    tail = min(_alike(was[::-1], now[::-1]), len(was) - head, len(now) - head)
    was, now = was[head : len(was) - tail], now[head : len(now) - tail]
    old, new = set(map(id, was)), set(map(id, now))
    gone = {pod.key: pod for pod in was if id(pod) not in new}
    come = {pod.key: pod for pod in now if id(pod) not in old}
    return tuple(Changed(gone.get(key), come.get(key)) for key in sorted({*gone, *come}))


def _alike(one: Sequence[Pod], two: Sequence[Pod]) -> int:
    """Return how many pods are the very same from the start."""
    different = compress(count(), map(is_not, one, two))
    return next(different, min(len(one), len(two)))


def same_nodes(before: Mapping[NodeName, Node], after: Mapping[NodeName, Node]) -> bool:
    """Return whether nothing but resource versions and images of nodes has changed.

    Nodes report often, and no rule asks for images.
    """
    if before is after:
        return True
    return before.keys() == after.keys() and all(
        node is after[name] or _unversioned(node) == _unversioned(after[name])
        for name, node in before.items()
    )


def _unversioned(node: Node) -> Node:
    return replace(node, resource_version="", images=NOTHING)


def followed(
    known: Mapping[str, Any], changed: tuple[Changed, ...], *, same_nodes: bool
) -> dict[str, Any]:
    """Return what of a snapshot's indexes holds with some pods changed, patched where need be.

    Parameters
    ----------
    known
        `census`, `pods_by_node`, `seats`, `unbound`, `nominated` and `free` of the snapshot before,
        as far as they were made.
    """
    bound = all(pod.node is not None for each in changed for pod in each.versions)
    found = {name: known[name] for name in ("unbound", "nominated") if bound and name in known}
    if "census" in known:
        gone = [each.before for each in changed if each.before is not None]
        come = [each.after for each in changed if each.after is not None]
        found["census"] = known["census"].following(gone, come)
    if "seats" in known:
        found["seats"] = _reseated(known["seats"], changed)
    nodes = {pod.node for each in changed for pod in each.versions if pod.node is not None}
    if not same_nodes or "pods_by_node" not in known or not nodes <= known["pods_by_node"].keys():
        return found
    found["pods_by_node"] = pods = dict(known["pods_by_node"])
    for name in nodes:
        pods[name] = _renewed(pods[name], name, changed)
    if "free" in known and nodes <= known["free"].keys():
        found["free"] = free = dict(known["free"])
        for name in nodes:
            before = total(pod.requests for pod in known["pods_by_node"][name])
            free[name] = free[name] + before - total(pod.requests for pod in pods[name])
    return found


def _reseated(seats: Mapping[Uid, NodeName], changed: tuple[Changed, ...]) -> dict[Uid, NodeName]:
    found = dict(seats)
    for before, _ in changed:  # on its way a machine has two pods, which a rehearsal gives one uid
        if before is not None and found.get(before.uid) == before.node:
            found.pop(before.uid, None)
    for _, after in changed:
        if after is not None and after.node is not None:
            found[after.uid] = after.node
    return found


def _renewed(
    pods: tuple[Pod, ...], node: NodeName, changed: tuple[Changed, ...]
) -> tuple[Pod, ...]:
    gone = {id(each.before) for each in changed}
    come = [each.after for each in changed if each.after is not None and each.after.node == node]
    kept = [pod for pod in pods if id(pod) not in gone]
    return tuple(sorted((*kept, *come), key=by_key))
