"""Nodes: sizes, labels, taints, cordons and declared features."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate.dice import Dice

ZONES: Final = ("us-east-a", "us-east-b", "us-west-a")
ZONE: Final = "topology.kubernetes.io/zone"
REGION: Final = "topology.kubernetes.io/region"
REGIONS: Final = ("east", "west")
BETA_ZONE: Final = "failure-domain.beta.kubernetes.io/zone"
BETA_REGION: Final = "failure-domain.beta.kubernetes.io/region"
DRIVER_ZONES: Final = ("topology.ebs.csi.aws.com/zone", "topology.gke.io/zone")
"""What CSI drivers call the zone."""
HOSTNAME: Final = "kubernetes.io/hostname"
GPU: Final = "example.com/gpu"
FEATURES: Final = (
    "RestartAllContainersOnContainerExits",
    "ExtendWebSocketsToKubelet",
    "InPlacePodLevelResourcesVerticalScaling",
)
TAINTS: Final = (
    {"key": "team", "value": "blue", "effect": "NoSchedule"},
    {"key": "team", "value": "red", "effect": "NoExecute"},
    {"key": "spot", "effect": "NoSchedule"},
    {"key": "soft", "effect": "PreferNoSchedule"},
    {"key": "level", "value": "5", "effect": "NoSchedule"},
    {"key": "level", "value": "12", "effect": "NoSchedule"},
)
NUMBERS: Final = ("3", "7", "12", "007", "7x", "0", "9223372036854775808")
"""The last is the least that is no 64-bit integer."""

DISKS: Final = ("ssd", "hdd", "", "x" * 63)
"""The last is the longest that a label holds."""


def nodes(dice: Dice, tag: str) -> list[Json]:
    """Return three to six nodes; `tag` makes their names those of one scene only."""
    return [_node(dice, f"n{index}-{tag}") for index in range(dice.randint(3, 6))]


def _node(dice: Dice, name: str) -> Json:
    size = _size(dice)
    spec: Json = {"taints": dice.some(TAINTS[:4], 1, 2) if dice.maybe(0.3) else []}
    if dice.maybe(0.12):
        spec["taints"] = [dice.choice(TAINTS)]
    if dice.maybe(0.15):
        spec["unschedulable"] = True
    status: Json = {"allocatable": size, "capacity": size}
    if dice.maybe(0.3):
        status["capacity"] = size | {"cpu": "16", "memory": "64Gi", "pods": "250"}
    if dice.maybe(0.6):
        status["declaredFeatures"] = sorted(dice.some(FEATURES))
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": _labels(dice, name)},
        "spec": spec,
        "status": status,
    }


def _size(dice: Dice) -> Json:
    size = {
        "cpu": dice.choice(("1", "4", "8", "3900m", "8")),
        "memory": dice.choice(("1Gi", "4Gi", "8Gi", "8Gi", "2500M")),
        "pods": dice.choice(("2", "3", "20", "110", "110", "110", "110", "110")),
        "ephemeral-storage": dice.choice(("2Gi", "10Gi")),
    }
    if dice.maybe(0.5):
        size[GPU] = str(dice.randint(0, 4))
    if dice.maybe(0.4):
        size["hugepages-2Mi"] = dice.choice(("0", "64Mi", "128Mi"))
    return size


def _labels(dice: Dice, name: str) -> Json:
    labels = {HOSTNAME: name}
    if dice.maybe(0.85):
        labels[ZONE] = dice.choice(ZONES)
        if dice.maybe(0.5):
            labels |= dict.fromkeys(DRIVER_ZONES, labels[ZONE])
    if dice.maybe(0.15):
        labels[BETA_ZONE] = dice.choice(ZONES)
    if dice.maybe(0.15):
        labels[BETA_REGION] = dice.choice(REGIONS)
    if dice.maybe(0.4):
        labels[REGION] = dice.choice(REGIONS)
    if dice.maybe(0.85):
        labels["rack"] = dice.choice(("r1", "r2", "r3"))
    if dice.maybe(0.6):
        labels["disk"] = dice.choice(DISKS)
    if dice.maybe(0.7):
        labels["gen"] = dice.choice(NUMBERS)
    return labels
