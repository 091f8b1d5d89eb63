"""PersistentVolumes: zones and node affinity, in-tree disks, volumes nobody has claimed yet."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import (
    BETA_REGION,
    BETA_ZONE,
    HOSTNAME,
    REGION,
    REGIONS,
    ZONE,
    ZONES,
)

DRIVER: Final = "csi.example.com"
LOCAL: Final = "local.example.com"
EBS: Final = "ebs.csi.aws.com"
GCE: Final = "pd.csi.storage.gke.io"
AZURE: Final = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/"
SIZES: Final = ("1Gi", "5Gi", "20Gi")
MANY: Final = (
    "us-east-a__us-east-b",
    "us-east-b__us-west-a",
    "us-east-a__us-east-b",
    "us-east-a____us-east-b",
    "us-east-a__b",
)
"""Several zones of one volume: of one region, of two, with a hole, with one that is none."""


_PLACES: Final = ((ZONE, ZONES), (BETA_ZONE, ZONES), (BETA_REGION, REGIONS))


def volume(dice: Dice, name: str, names: list[str], *, size: str, modes: list[str]) -> Json:
    """Return a volume that some nodes may not reach."""
    spec: Json = {"capacity": {"storage": size}, "accessModes": modes, **_source(dice, name)}
    if dice.maybe(0.25 if "csi" in spec else 0.6):
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": _reached(dice, names)}}
    meta: Json = {"name": name}
    if dice.maybe(0.25 if "csi" in spec else 0.6):
        meta["labels"] = zone_labels(dice)
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec}


def zone_labels(dice: Dice) -> Json:
    """Return labels that tie a volume to zones or regions, by the stable keys or the old ones."""
    values = {
        ZONE: (*ZONES, *MANY),
        BETA_ZONE: (*ZONES, *MANY[:2]),
        REGION: REGIONS,
        BETA_REGION: REGIONS,
    }
    keys = dice.some(sorted(values), 1, 2) if dice.maybe(0.3) else [dice.choice(sorted(values))]
    return {key: dice.choice(values[key]) for key in keys}


def free(dice: Dice, name: str, names: list[str]) -> Json:
    """Return a volume that a claim may take: available, or not quite."""
    modes = dice.choice((["ReadWriteOnce"], ["ReadWriteOnce"], ["ReadOnlyMany"]))
    made = volume(dice, name, names, size=dice.choice(SIZES), modes=modes)
    if "nodeAffinity" not in made["spec"] and dice.maybe(0.3):
        made["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": _reached(dice, names)}}
    made["spec"]["storageClassName"] = dice.choice(("conform-static",) * 3 + ("conform-later",))
    if dice.maybe(0.1):
        made["spec"]["volumeMode"] = "Block"
    if dice.maybe(0.1):
        leave(made)
    phase = "Available" if dice.maybe(0.85) else dice.choice(("Pending", "Released"))
    return made | {"status": {"phase": phase}}


def leave(manifest: Json) -> None:
    """Have the object be deleted, and something still hold on to it."""
    manifest["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    manifest["metadata"]["finalizers"] = ["example.com/held"]


def _source(dice: Dice, name: str) -> Json:
    """Return what is behind a volume: mostly a CSI driver, else a disk that one took over."""
    kind = dice.choice(("csi",) * 6 + ("ebs", "gce", "gce", "gce", "azure", "nfs"))
    if kind == "ebs":
        prefix = dice.choice(("vol-", "aws://a/vol-"))
        return {"awsElasticBlockStore": {"volumeID": f"{prefix}{name}"}}
    if kind == "gce":
        return {"gcePersistentDisk": {"pdName": name}}
    if kind == "azure":
        return {"azureDisk": {"diskName": name, "diskURI": f"{AZURE}{name}", "kind": "Managed"}}
    if kind == "nfs":
        return {"nfs": {"server": "10.0.0.5", "path": "/"}}
    return {"csi": {"driver": DRIVER, "volumeHandle": name}}


def _reached(dice: Dice, names: list[str]) -> list[Json]:
    return [_term(dice, names) for _ in range(dice.choice((1, 1, 2)))]


def _term(dice: Dice, names: list[str]) -> Json:
    places = dice.some((*_PLACES, (HOSTNAME, tuple(names))), 1, 2)
    return {"matchExpressions": [_expression(dice, key, values) for key, values in places]}


def _expression(dice: Dice, key: str, values: tuple[str, ...]) -> Json:
    operator = dice.choice(("In", "In", "In", "NotIn", "Exists"))
    if operator == "Exists":
        return {"key": key, "operator": operator}
    return {"key": key, "operator": operator, "values": dice.some(values, 1, 2)}
