"""Nodes: sizes, labels, taints, cordons and declared features."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate.dice import Dice

ZONES: Final = ("a", "b", "c")
ZONE: Final = "topology.kubernetes.io/zone"
REGION: Final = "topology.kubernetes.io/region"
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
NUMBERS: Final = ("3", "7", "12", "007", "7x", "0")


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
        "cpu": dice.choice(("1", "2", "4", "3900m")),
        "memory": dice.choice(("1Gi", "4Gi", "8Gi", "2500M")),
        "pods": dice.choice(("1", "3", "20", "110", "110")),
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
    if dice.maybe(0.85):
        labels["rack"] = dice.choice(("r1", "r2", "r3"))
    if dice.maybe(0.6):
        labels["disk"] = dice.choice(("ssd", "hdd", ""))
    if dice.maybe(0.7):
        labels["gen"] = dice.choice(NUMBERS)
    return labels
