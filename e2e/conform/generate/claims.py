"""Claims in every state, and how pods use them and disks."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate import volumes
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import ZONE, ZONES
from e2e.conform.generate.volumes import AZURE, DRIVER, LOCAL, SIZES

NAMESPACES: Final = ("conform-a", "conform-b")
"""Where there are claims, and so where the pods that use them are."""

CLASSES: Final[dict[str, Json]] = {
    "now": {"provisioner": DRIVER, "volumeBindingMode": "Immediate"},
    "later": {"provisioner": DRIVER, "volumeBindingMode": "WaitForFirstConsumer"},
    "zonal": {
        "provisioner": DRIVER,
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowedTopologies": [
            {"matchLabelExpressions": [{"key": ZONE, "values": ["us-east-a", "us-east-b"]}]}
        ],
    },
    "measured": {"provisioner": LOCAL, "volumeBindingMode": "WaitForFirstConsumer"},
    "static": {
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    },
    "ebs": {
        "provisioner": "kubernetes.io/aws-ebs",
        "volumeBindingMode": "WaitForFirstConsumer",
    },
}
CLAIMS: Final = tuple(f"c{index}" for index in range(5))
"""Claims of every state, per namespace."""

BOUND: Final = ("l0", "l1", "l2")
"""Claims with a volume of a CSI driver."""

ZONED: Final = ("z0", "z1")
"""Claims with a volume of a zone."""

ODD: Final = ("lost", "leaving", "selected", "meant", "meant", "named", "classless", "choosy")
"""States of a claim that are rare in a cluster."""

MEASURED: Final = "m0"
"""A claim whose volume is made where there is room for it."""

STATIC: Final = "s0"
"""A claim that takes one of the volumes that are there."""

SELECTED: Final = "p0"
"""A claim whose volume is being made for a node that kube-scheduler has selected."""

EXCLUSIVE: Final = "x0"
"""A claim for one pod of the cluster only."""


def claims(dice: Dice, tag: str, names: list[str]) -> list[Json]:
    """Return the claims of all namespaces and their volumes."""
    made = []
    for namespace in NAMESPACES:
        for name in CLAIMS:
            made += _claim(dice, namespace, name, tag, names)
        made.append(_asking(dice, namespace, MEASURED, "measured"))
        made.append(_asking(dice, namespace, STATIC, "static"))
        selected = _asking(dice, namespace, SELECTED, dice.choice(("later", "measured")))
        _select(selected, dice.choice(names))
        made.append(selected)
        for name in (*BOUND, *ZONED, EXCLUSIVE):
            claim = _asking(dice, namespace, name, "now")
            if name == EXCLUSIVE:
                claim["spec"]["accessModes"] = ["ReadWriteOncePod"]
            claim, volume = _bound(dice, claim, tag, names)
            if name in ZONED:
                volume["metadata"]["labels"] = volumes.zone_labels(dice)
                volume["spec"].pop("nodeAffinity", None)
            made += [claim, volume]
    return made


def storage_class(name: str, spec: Json) -> Json:
    """Return a storage class."""
    meta = {"name": f"conform-{name}"}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta, **spec}


def mount(dice: Dice, spec: Json) -> None:
    """Give the pod one or two claims, sometimes one that is not there."""
    names = dice.some(CLAIMS, 1, 2)
    if dice.maybe(0.35):
        names = dice.choice(([MEASURED], [STATIC], [STATIC, names[0]]))
    if dice.maybe(0.06):
        names = ["missing"]
    elif dice.maybe(0.1):
        names = [SELECTED]
    _use(spec, names)


def mount_in_zones(dice: Dice, spec: Json) -> None:
    """Give the pod claims whose volumes are in zones."""
    _use(spec, dice.some(ZONED, 1) if dice.maybe(0.2) else [dice.choice(ZONED)])


def attach(dice: Dice, spec: Json) -> None:
    """Give the pod volumes that a driver attaches: claims, disks that one took over, or both."""
    if dice.maybe(0.75):
        _use(spec, dice.some(BOUND, 1, 3))
    if dice.maybe(0.45):
        for name in dice.some(("one", "two", "three"), 1, 2):
            source = dice.choice(
                (
                    {"gcePersistentDisk": {"pdName": name, "readOnly": True}},
                    {"awsElasticBlockStore": {"volumeID": f"vol-{name}"}},
                    {"cinder": {"volumeID": name}},
                    {
                        "azureDisk": {
                            "diskName": name,
                            "diskURI": f"{AZURE}{name}",
                            "kind": "Managed",
                        }
                    },
                )
            )
            if dice.maybe(0.1):
                source = {"awsElasticBlockStore": {"volumeID": "aws://zone/disk"}}  # is no EBS name
            spec.setdefault("volumes", []).append({"name": f"disk-{name}", **source})


def share(dice: Dice, spec: Json) -> None:
    """Give the pod storage that it may have to share: a disk, a claim for one pod, or both."""
    kind = dice.choice(("disk", "disk", "claim", "both"))
    if kind != "disk":
        _use(spec, [EXCLUSIVE])
    if kind != "claim":
        _add_disk(dice, spec)


def _add_disk(dice: Dice, spec: Json) -> None:
    """Add a disk of a type that only one node may attach at a time."""
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
                    "image": "one",
                    "readOnly": read_only,
                }
            },
        )
    )
    spec.setdefault("volumes", []).append({"name": "disk", **source})


def scratch(dice: Dice, pod: Json) -> list[Json]:
    """Give the pod a generic ephemeral volume; return the claim that is made for it, if it is."""
    template = {
        "spec": _asking(dice, "", "", dice.choice(("now", "later", "zonal", "ebs")))["spec"]
    }
    source = {"ephemeral": {"volumeClaimTemplate": template}}
    pod["spec"].setdefault("volumes", []).append({"name": "scratch", **source})
    meta = pod["metadata"]
    claim: Json = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"{meta['name']}-scratch", "namespace": meta["namespace"]},
        **template,
    }
    if dice.maybe(0.25):
        other = {"apiVersion": "v1", "kind": "Pod", "name": "other", "uid": "0", "controller": True}
        claim["metadata"]["ownerReferences"] = [other]
    return [claim] if dice.maybe(0.8) else []


def _use(spec: Json, names: list[str]) -> None:
    there = spec.setdefault("volumes", [])
    used = {each["name"] for each in there}
    for each in names:
        if each not in used:
            there.append({"name": each, "persistentVolumeClaim": {"claimName": each}})


def _asking(dice: Dice, namespace: str, name: str, storage_class: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "accessModes": [dice.choice(("ReadWriteOnce", "ReadWriteOnce", "ReadWriteOncePod"))],
            "resources": {"requests": {"storage": dice.choice(SIZES)}},
            "storageClassName": f"conform-{storage_class}",
        },
    }


def _claim(dice: Dice, namespace: str, name: str, tag: str, names: list[str]) -> list[Json]:
    """Return a claim in some state, and its volume if it has one."""
    if dice.maybe(0.4):
        return _odd(dice, namespace, name, tag, names)
    if dice.maybe(0.35):
        return list(_bound(dice, _asking(dice, namespace, name, "now"), tag, names))
    claim = _asking(
        dice, namespace, name, dice.choice((*sorted(CLASSES), "static", "static", "measured"))
    )
    if dice.maybe(0.1):
        claim["spec"]["volumeMode"] = "Block"
    return [claim]


def _odd(dice: Dice, namespace: str, name: str, tag: str, names: list[str]) -> list[Json]:
    """Return a claim in one of the states that are rare in a cluster."""
    delayed = _asking(dice, namespace, name, dice.choice(("later", "static", "zonal", "measured")))
    match dice.choice(ODD):
        case "lost":
            claim, _ = _bound(dice, _asking(dice, namespace, name, "now"), tag, names)
            return [claim | {"status": {"phase": dice.choice(("Lost", "Bound"))}}]
        case "leaving":
            volumes.leave(delayed)
        case "selected":
            _select(delayed, dice.choice([*names, *names, "gone"]))
        case "meant":  # a volume for this claim, which nothing has bound yet
            return [delayed, _meant(dice, delayed, tag, names)]
        case "named":  # the claim names its volume, and nothing has bound them yet
            volume = _meant(dice, delayed, tag, names)
            delayed["spec"]["volumeName"] = volume["metadata"]["name"]
            return [delayed, volume] if dice.maybe(0.7) else [delayed]
        case "classless":
            delayed["spec"]["storageClassName"] = dice.choice(("", "conform-none"))
        case "choosy":
            labels = {ZONE: dice.choice(ZONES)}
            delayed["spec"]["selector"] = {"matchLabels": labels}
    return [delayed]


def _select(claim: Json, node: str) -> None:
    claim["metadata"]["annotations"] = {"volume.kubernetes.io/selected-node": node}


def _meant(dice: Dice, claim: Json, tag: str, names: list[str]) -> Json:
    meta, spec = claim["metadata"], claim["spec"]
    made = volumes.volume(
        dice,
        f"{meta['namespace']}-{meta['name']}-{tag}",
        names,
        size=dice.choice(SIZES),
        modes=spec["accessModes"],
    )
    other = {"uid": "00000000-0000-0000-0000-000000000000"} if dice.maybe(0.3) else {}
    made["spec"] |= {
        "storageClassName": spec["storageClassName"],
        "claimRef": {"namespace": meta["namespace"], "name": meta["name"], **other},
    }
    return made | {"status": {"phase": "Available"}}


def _bound(dice: Dice, claim: Json, tag: str, names: list[str]) -> tuple[Json, Json]:
    meta, spec = claim["metadata"], claim["spec"]
    name = f"{meta['namespace']}-{meta['name']}-{tag}"
    size = spec["resources"]["requests"]["storage"]
    volume = volumes.volume(dice, name, names, size=size, modes=spec["accessModes"])
    volume["spec"] |= {
        "storageClassName": spec["storageClassName"],
        "claimRef": {"namespace": meta["namespace"], "name": meta["name"]},
    }
    spec["volumeName"] = name
    meta["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    return claim | {"status": {"phase": "Bound"}}, volume | {"status": {"phase": "Bound"}}
