"""Extended resources that a DeviceClass backs: the device requests kube-scheduler makes of them.

Source: `plugins/dynamicresources/extendeddynamicresources.go: createRequestsAndMappings`.
"""

from collections.abc import Iterable, Mapping

from restow.cluster.devices import DeviceClass, DeviceRequest, DeviceWish
from restow.cluster.objects import Node, Pod
from restow.cluster.pod_devices import ExtendedRequest
from restow.cluster.snapshot import Snapshot
from restow.rules.devices.classes import classes_by_resource


def backed(pod: Pod, snapshot: Snapshot) -> frozenset[str]:
    """Return the extended resources of the pod that a DeviceClass backs."""
    if not pod.extended:
        return frozenset()
    return frozenset(
        {each.resource for each in pod.extended} & classes_by_resource(snapshot).keys()
    )


def by_devices(pod: Pod, node: Node, snapshot: Snapshot) -> frozenset[str]:
    """Return those of them that the node has no plugin for: it gives devices instead."""
    found = backed(pod, snapshot)
    return frozenset(each for each in found if not node.allocatable.of(each))


def requests(
    pod: Pod, resources: Iterable[str], classes: Mapping[str, DeviceClass]
) -> tuple[DeviceRequest, ...]:
    """Return the requests for these resources, sorted by name.

    Containers that pass before the others start take what those will hold, and more of their own
    only as far as that does not do; of several the largest counts.
    """
    made = []
    for resource in sorted(resources):
        mine = [each for each in pod.extended if each.resource == resource]
        staying = [each for each in mine if not each.passing]
        passing = [(each.name, _beyond(each, staying)) for each in mine if each.passing]
        largest = max(passing, key=_count, default=("", 0))
        counts = [largest, *((each.name, each.count) for each in staying)]
        made += [_request(name, count, classes[resource]) for name, count in counts if count]
    return tuple(sorted(made, key=lambda each: each.name))


def _beyond(passing: ExtendedRequest, staying: Iterable[ExtendedRequest]) -> int:
    later = sum(each.count for each in staying if each.container >= passing.container)
    return max(0, passing.count - later)


def _count(found: tuple[str, int]) -> int:
    return found[1]


def _request(name: str, count: int, found: DeviceClass) -> DeviceRequest:
    return DeviceRequest(name=name, exactly=DeviceWish(device_class=found.name, count=count))
