"""Volumes: claims bound and unbound, zones, capacities, attach limits, disks of old types."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import HOSTNAME, ZONE, ZONES
from e2e.conform.generate.relations import NAMESPACES

DRIVER: Final = "csi.example.com"
LOCAL: Final = "local.example.com"
CLAIMS: Final = 6
"""Claims per namespace."""

CLASSES: Final[dict[str, Json]] = {
    "now": {"provisioner": DRIVER, "volumeBindingMode": "Immediate"},
    "later": {"provisioner": DRIVER, "volumeBindingMode": "WaitForFirstConsumer"},
    "zonal": {
        "provisioner": DRIVER,
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowedTopologies": [{"matchLabelExpressions": [{"key": ZONE, "values": ["a", "b"]}]}],
    },
    "measured": {"provisioner": LOCAL, "volumeBindingMode": "WaitForFirstConsumer"},
    "static": {
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    },
}
SIZES: Final = ("1Gi", "5Gi", "20Gi")


def storage(dice: Dice, tag: str, hosts: list[Json]) -> list[Json]:
    """Return storage classes, drivers, volumes and claims of a scene."""
    names = [each["metadata"]["name"] for each in hosts]
    made = [_class(name, spec) for name, spec in CLASSES.items()]
    made += [_driver(DRIVER, measured=False), _driver(LOCAL, measured=True)]
    made += [_csi_node(dice, name) for name in names if dice.maybe(0.9)]
    made += [_capacity(dice, index) for index in range(dice.randint(0, 3))]
    made += [_free_volume(dice, f"free{index}-{tag}", names) for index in range(3)]
    for namespace in sorted(NAMESPACES):
        for index in range(CLAIMS):
            made += _claim(dice, namespace, f"c{index}", tag, names)
    return made


def mount(dice: Dice, spec: Json) -> None:
    """Give the pod one or two claims, sometimes one that is not there."""
    claims = dice.some([f"c{index}" for index in range(CLAIMS)], 1, 2)
    if dice.maybe(0.06):
        claims = ["missing"]
    for each in claims:
        source = {"persistentVolumeClaim": {"claimName": each}}
        spec.setdefault("volumes", []).append({"name": each, **source})


def disk(dice: Dice, spec: Json) -> None:
    """Give the pod a disk of a type that only one node may attach at a time."""
    read_only = dice.maybe(0.4)
    name = dice.choice(("one", "two"))
    source: Json = dice.choice(
        (
            {"gcePersistentDisk": {"pdName": name, "readOnly": read_only}},
            {"awsElasticBlockStore": {"volumeID": f"vol-{name}"}},
            {
                "iscsi": {
                    "targetPortal": "10.0.0.9",
                    "iqn": f"iqn.2020-01.com.example:{name}",
                    "lun": 0,
                    "readOnly": read_only,
                }
            },
            {
                "rbd": {
                    "monitors": dice.some(("10.0.0.7", "10.0.0.8"), 1),
                    "image": name,
                    "readOnly": read_only,
                }
            },
        )
    )
    spec.setdefault("volumes", []).append({"name": "disk", **source})


def _class(name: str, spec: Json) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": f"conform-{name}"},
        **spec,
    }


def _driver(name: str, *, measured: bool) -> Json:
    spec = {"storageCapacity": measured, "attachRequired": True}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": name},
        "spec": spec,
    }


def _csi_node(dice: Dice, name: str) -> Json:
    drivers: list[Json] = []
    for driver in (DRIVER, LOCAL):
        if dice.maybe(0.9):
            entry: Json = {"name": driver, "nodeID": name, "topologyKeys": [ZONE]}
            if dice.maybe(0.6):
                entry["allocatable"] = {"count": dice.choice((0, 1, 1, 2, 3))}
            drivers.append(entry)
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": {"name": name},
        "spec": {"drivers": drivers},
    }


def _capacity(dice: Dice, index: int) -> Json:
    made: Json = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIStorageCapacity",
        "metadata": {"name": f"room-{index}", "namespace": "conform-a"},
        "storageClassName": "conform-measured",
        "nodeTopology": {"matchLabels": {ZONE: dice.choice(ZONES)}},
        "capacity": dice.choice(("0", "2Gi", "5Gi", "100Gi")),
    }
    if dice.maybe(0.3):
        made["maximumVolumeSize"] = dice.choice(("1Gi", "10Gi"))
    return made


def _volume(dice: Dice, name: str, names: list[str], *, size: str, modes: list[str]) -> Json:
    meta: Json = {"name": name}
    spec: Json = {
        "capacity": {"storage": size},
        "accessModes": modes,
        "csi": {"driver": DRIVER, "volumeHandle": name},
    }
    if dice.maybe(0.3):
        key, values = dice.choice(((ZONE, ZONES), (HOSTNAME, names)))
        asked = {"key": key, "operator": "In", "values": dice.some(values, 1, 2)}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [asked]}]}}
    if dice.maybe(0.35):
        key = dice.choice((ZONE, ZONE, "failure-domain.beta.kubernetes.io/zone"))
        meta["labels"] = {key: dice.choice((*ZONES, "a__b"))}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec}


def _free_volume(dice: Dice, name: str, names: list[str]) -> Json:
    modes = dice.choice((["ReadWriteOnce"], ["ReadWriteOnce"], ["ReadOnlyMany"]))
    made = _volume(dice, name, names, size=dice.choice(SIZES), modes=modes)
    made["spec"]["storageClassName"] = "conform-static"
    return made | {"status": {"phase": "Available"}}


def _claim(dice: Dice, namespace: str, name: str, tag: str, names: list[str]) -> list[Json]:
    modes = [dice.choice(("ReadWriteOnce", "ReadWriteOnce", "ReadWriteOncePod"))]
    size = dice.choice(SIZES)
    storage_class = dice.choice(sorted(CLASSES)) if dice.maybe(0.45) else "bound"
    claim: Json = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "accessModes": modes,
            "resources": {"requests": {"storage": size}},
            "storageClassName": f"conform-{'now' if storage_class == 'bound' else storage_class}",
        },
    }
    if storage_class != "bound":
        return [claim]
    volume = f"{namespace}-{name}-{tag}"
    claim["spec"]["volumeName"] = volume
    claim["metadata"]["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    if dice.maybe(0.06):
        return [claim | {"status": {"phase": "Lost"}}]
    made = _volume(dice, volume, names, size=size, modes=modes)
    made["spec"] |= {
        "storageClassName": "conform-now",
        "claimRef": {"namespace": namespace, "name": name},
    }
    return [claim | {"status": {"phase": "Bound"}}, made | {"status": {"phase": "Bound"}}]
