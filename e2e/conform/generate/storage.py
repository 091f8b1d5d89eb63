"""What storage of a cluster there is: classes, drivers on nodes, capacities, attachments."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate import claims, volumes
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import ZONE, ZONES
from e2e.conform.generate.volumes import DRIVER, EBS, GCE, LOCAL

DRIVERS: Final = (DRIVER, LOCAL, EBS, GCE)


def storage(dice: Dice, tag: str, hosts: list[Json]) -> list[Json]:
    """Return storage classes, drivers, volumes, claims and attachments of a scene."""
    names = [each["metadata"]["name"] for each in hosts]
    made = [claims.storage_class(name, spec) for name, spec in claims.CLASSES.items()]
    insisting = dice.some(DRIVERS, 0, 2) if dice.maybe(0.4) else []
    made += [_driver(each, insists=each in insisting) for each in DRIVERS[:3]]
    made += [_csi_node(dice, name) for name in names if dice.maybe(0.85)]
    made += [_capacity(dice, index) for index in range(dice.randint(1, 4))]
    made += [volumes.free(dice, f"free{index}-{tag}", names) for index in range(3)]
    made += claims.claims(dice, tag, names)
    there = [each for each in made if each["kind"] == "PersistentVolume"]
    made += [
        _attachment(dice, f"a{index}-{tag}", names, there) for index in range(dice.randint(0, 4))
    ]
    return made


def _driver(name: str, *, insists: bool) -> Json:
    spec = {"storageCapacity": name == LOCAL, "attachRequired": True}
    if insists:
        spec["preventPodSchedulingIfMissing"] = True
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": name},
        "spec": spec,
    }


def _csi_node(dice: Dice, name: str) -> Json:
    """Return the drivers of a node; they attach few volumes or any number."""
    drivers: list[Json] = []
    for driver in DRIVERS:
        if dice.maybe(0.85):
            entry: Json = {"name": driver, "nodeID": name, "topologyKeys": [ZONE]}
            if dice.maybe(0.7):
                entry["allocatable"] = {"count": dice.choice((0, 1, 1, 2, 2, 3))}
            drivers.append(entry)
    meta: Json = {"name": name}
    if dice.maybe(0.7):  # the others' plugins still serve their own disks
        meta["annotations"] = {
            "storage.alpha.kubernetes.io/migrated-plugins": ",".join(
                dice.some(("kubernetes.io/aws-ebs", "kubernetes.io/gce-pd"), 1)
            )
        }
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": meta,
        "spec": {"drivers": drivers},
    }


def _capacity(dice: Dice, index: int) -> Json:
    made: Json = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIStorageCapacity",
        "metadata": {"name": f"room-{index}", "namespace": "conform-a"},
        "storageClassName": dice.choice(("conform-measured",) * 3 + ("conform-later",)),
        "capacity": dice.choice(("0", "1Gi", "5Gi", "20Gi")),
    }
    if dice.maybe(0.9):
        made["nodeTopology"] = (
            {"matchLabels": {ZONE: dice.choice(ZONES)}} if dice.maybe(0.8) else {}
        )
    if dice.maybe(0.4):
        made["maximumVolumeSize"] = dice.choice(("1Gi", "5Gi"))
    return made


def _attachment(dice: Dice, name: str, names: list[str], there: list[Json]) -> Json:
    """Return the attachment of a volume, wherever it is used: some pod left and it lingers."""
    volume = dice.choice(there)
    driver = volume["spec"].get("csi", {}).get("driver", EBS)
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {"name": name},
        "spec": {
            "attacher": driver if dice.maybe(0.9) else LOCAL,
            "nodeName": dice.choice(names),
            "source": {"persistentVolumeName": volume["metadata"]["name"]},
        },
    }
