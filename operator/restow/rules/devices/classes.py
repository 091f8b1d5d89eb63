"""Which DeviceClass backs an extended resource."""

from collections.abc import Mapping

from restow.cluster.devices import DeviceClass
from restow.cluster.parse.pod_devices import CLASS_PREFIX
from restow.cluster.snapshot import Snapshot


def classes_by_resource(snapshot: Snapshot) -> Mapping[str, DeviceClass]:
    """Return the class that backs each extended resource.

    Of classes that name the same resource the newest counts, of equally old ones the first by
    name. Each class backs a resource of its own name as well.

    Source: k8s.io/dynamic-resource-allocation v0.37.2, deviceclass/extendedresourcecache.
    """
    return snapshot.derived(_by_resource)


def _by_resource(snapshot: Snapshot) -> Mapping[str, DeviceClass]:
    classes = snapshot.device_classes.values()
    newest_last = sorted(sorted(classes, key=_name, reverse=True), key=_age)
    found = {CLASS_PREFIX + each.name: each for each in newest_last}
    for each in newest_last:
        if each.extended_resource is not None:
            found[each.extended_resource] = each
    return found


def _name(found: DeviceClass) -> str:
    return found.name


def _age(found: DeviceClass) -> float:
    return found.created_at.timestamp()
