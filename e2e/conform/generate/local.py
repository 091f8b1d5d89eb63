"""What of a pod only concerns the node: taints, node affinity, ports, features, gates."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import DISKS, NUMBERS, ZONE, ZONES
from e2e.conform.generate.resources import container
from e2e.conform.profiles import CHOOSY

TOLERATIONS: Final = (
    {"operator": "Exists"},
    {"key": "team", "operator": "Exists"},
    {"key": "team", "value": "blue"},
    {"key": "team", "operator": "Equal", "value": "red", "effect": "NoExecute"},
    {"key": "team", "value": "blue", "effect": "NoExecute"},
    {"key": "spot", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "spot"},
    {"operator": "Exists", "effect": "NoSchedule"},
    {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
    {"key": "level", "operator": "Exists"},
    {"key": "level", "value": "5"},
)
CORDON: Final = (
    {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"},
    {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoExecute"},
    {"operator": "Exists"},
)
OPERATORS: Final = ("In", "In", "NotIn", "NotIn", "Exists", "DoesNotExist", "Gt", "Gt", "Lt", "Lt")
BOUNDS: Final = ("0", "3", "7", "9223372036854775807")
PORTS: Final = (80, 443, 53)
ADDRESSES: Final = ("", "0.0.0.0", "10.0.0.1", "10.0.0.2")  # host IPs of pods


def tolerate(dice: Dice, spec: Json) -> None:
    """Add tolerations."""
    spec.setdefault("tolerations", []).extend(dice.some(TOLERATIONS, 1, 3))


def tolerate_cordon(dice: Dice, spec: Json) -> None:
    """Add a toleration that may cover cordoned nodes."""
    spec.setdefault("tolerations", []).append(dice.choice(CORDON))


def choose_nodes(dice: Dice, spec: Json, names: list[str]) -> None:
    """Add a node selector, a required node affinity, or both, or leave it to a profile."""
    if dice.maybe(0.25):
        spec["schedulerName"] = CHOOSY
        if dice.maybe(0.5):
            return
    if dice.maybe(0.4):
        key = dice.choice(("disk", "rack", ZONE))
        values = {"disk": DISKS, "rack": ("r1", "r2", "r9"), ZONE: ZONES}[key]
        spec["nodeSelector"] = {key: dice.choice(values)}
        if dice.maybe(0.6):
            return
    terms = [_term(dice, names) for _ in range(dice.randint(1, 2))]
    spec.setdefault("affinity", {})["nodeAffinity"] = {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}
    }


def _term(dice: Dice, names: list[str]) -> Json:
    if dice.maybe(0.06):
        return {}
    term: Json = {}
    if dice.maybe(0.35):
        operator = dice.choice(("In", "In", "NotIn"))
        name = dice.choice([*names, "gone"])
        term["matchFields"] = [{"key": "metadata.name", "operator": operator, "values": [name]}]
    if not term or dice.maybe(0.4):
        term["matchExpressions"] = [_expression(dice) for _ in range(dice.randint(1, 2))]
    return term


def _expression(dice: Dice) -> Json:
    operator = dice.choice(OPERATORS)
    if operator in ("Gt", "Lt"):
        return {"key": "gen", "operator": operator, "values": [dice.choice(BOUNDS)]}
    key = dice.choice(("disk", "gen", "rack", ZONE))
    if operator in ("Exists", "DoesNotExist"):
        return {"key": key, "operator": operator}
    values = {"disk": DISKS, "gen": NUMBERS, "rack": ("r1", "r2"), ZONE: ZONES}[key]
    return {"key": key, "operator": operator, "values": dice.some(values, 1, 2)}


def open_ports(dice: Dice, spec: Json, *, most: int = 2) -> None:
    """Ask for host ports."""
    ports: dict[tuple[int, str, str], Json] = {}
    for _ in range(dice.randint(1, most)):
        number, address = dice.choice(PORTS), dice.choice(ADDRESSES)
        protocol = dice.choice(("TCP", "TCP", "UDP"))
        asked = {"containerPort": number, "hostPort": number, "protocol": protocol}
        ports[number, address, protocol] = asked | ({"hostIP": address} if address else {})
    target = spec["containers"][0]
    if dice.maybe(0.15):  # every port of the pod is one of the host then
        spec["hostNetwork"] = True
    if dice.maybe(0.15):  # a sidecar holds its ports as long as the pod runs
        target = container("ports", restartPolicy="Always")
        spec.setdefault("initContainers", []).append(target)
    target["ports"] = list(ports.values())


def need_feature(dice: Dice, spec: Json) -> None:
    """Use something that only nodes that declare it can do."""
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [7]}}
    spec["containers"][0] |= {"restartPolicy": "Always", "restartPolicyRules": [rule]}


def gate(dice: Dice, spec: Json) -> None:
    """Hold the pod back, most of the time."""
    if dice.maybe(0.6):
        spec["schedulingGates"] = [{"name": "example.com/later"}]
