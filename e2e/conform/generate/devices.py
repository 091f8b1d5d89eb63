"""Devices: slices and pools of all kinds, classes and taint rules."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate import selectors
from e2e.conform.generate.device_claims import ACCEL, claims, named
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import GPU, ZONE, ZONES
from e2e.conform.generate.selectors import DRIVER, OTHER, OWN

CLASSES: Final[dict[str, Json]] = {
    "any": {},
    "gpu": {"selectors": [selectors.of(f'device.driver == "{DRIVER}"')]},
    "nic": {"selectors": [selectors.of(f'device.driver == "{OTHER}"')]},
    "a": {"selectors": [selectors.of(f'{OWN}.?model.orValue("") == "a"')]},
    "accel": {
        "extendedResourceName": ACCEL,
        "selectors": [selectors.of(f'device.driver == "{DRIVER}"')],
    },
}
KINDS: Final = (*["one"] * 7, *["two"] * 4, *["counters"] * 5, "newer", "lost")
"""Of pools."""

TAINTS: Final = (
    {"key": "sick", "value": "yes", "effect": "NoSchedule"},
    {"key": "sick", "value": "very", "effect": "NoExecute"},
    {"key": "busy", "effect": "NoSchedule"},
    {"key": "note", "effect": "None"},
)


def devices(dice: Dice, tag: str, hosts: list[Json]) -> list[Json]:
    """Return classes, slices, taint rules, claims and templates of a scene."""
    names = [each["metadata"]["name"] for each in hosts]
    made = [_class(name, spec) for name, spec in CLASSES.items() if dice.maybe(0.93)]
    if dice.maybe(0.3):
        made.append(_class("plugin", {"extendedResourceName": GPU}))
    if dice.maybe(0.3):
        made.append(_class("late", {"extendedResourceName": ACCEL}))
    for name in names:
        for index in range(dice.choice((0, 1, 1, 2, 2))):
            made += _pool(dice, f"local{index}-{name}", {"nodeName": name})
    for index in range(dice.choice((0, 1, 1, 2))):
        made += _pool(dice, f"wide{index}-{tag}", _reach(dice, names))
    made += claims(dice, names)
    made += [_rule(dice, f"rule{index}-{tag}", names) for index in range(dice.choice((0, 0, 0, 1)))]
    return made


def _class(name: str, spec: Json) -> Json:
    return named("DeviceClass", f"conform-{name}", None, spec)


def _reach(dice: Dice, names: list[str]) -> Json:
    return dice.choice(
        (
            {"allNodes": True},
            {"nodeSelector": _selector(ZONE, dice.choice(ZONES))},
            {"nodeSelector": _selector(ZONE, dice.choice(ZONES))},
            {
                "nodeSelector": {
                    "nodeSelectorTerms": [{"matchFields": [_named(dice.choice(names))]}]
                }
            },
            {"perDeviceNodeSelection": True, "names": names},
        )
    )


def _selector(key: str, value: str) -> Json:
    asked = {"key": key, "operator": "In", "values": [value]}
    return {"nodeSelectorTerms": [{"matchExpressions": [asked]}]}


def _named(node: str) -> Json:
    return {"key": "metadata.name", "operator": "In", "values": [node]}


def _pool(dice: Dice, name: str, reach: Json) -> list[Json]:
    """Return the slices of a pool: whole, in two parts, with counters, outdated, or flawed."""
    driver = dice.choice((DRIVER, DRIVER, OTHER))
    generation = dice.choice((1, 1, 3))
    kind = dice.choice(KINDS)
    names = reach.get("names", [])
    reach = {key: value for key, value in reach.items() if key != "names"}
    counts = {"one": 1, "newer": 1, "two": 2, "lost": 2, "counters": 2}[kind]
    pool = {"name": name, "generation": generation, "resourceSliceCount": counts}
    per_device = names if "perDeviceNodeSelection" in reach else []
    parts = [_devices(dice, "a", per_device, driver, drawing=kind == "counters")]
    if kind == "two":
        flawed = dice.maybe(0.15)
        parts.append(_devices(dice, "a" if flawed else "b", per_device, driver, drawing=False))
    made = [
        named(
            "ResourceSlice",
            f"{name}-{index}",
            None,
            {"driver": driver, "pool": pool, **reach, "devices": found},
        )
        for index, found in enumerate(parts)
    ]
    if kind == "counters":
        shared = _counters(dice)
        spec = {"driver": driver, "pool": pool, **reach, "sharedCounters": shared}
        made.append(named("ResourceSlice", f"{name}-counters", None, spec))
    if kind == "newer":
        newer = dict(made[0]["spec"]["pool"], generation=generation + 1)
        moved = dice.choice((reach, {"nodeName": "elsewhere"}))
        spec = {"driver": driver, "pool": newer, **moved}
        spec["devices"] = _devices(dice, "n", per_device if moved is reach else [], driver)
        made.append(named("ResourceSlice", f"{name}-newer", None, spec))
    return made


def _counters(dice: Dice) -> list[Json]:
    sets = dice.choice((("set0",), ("set0", "set1")))
    return [
        {"name": each, "counters": {"slots": {"value": dice.choice(("2", "3", "4"))}}}
        for each in sets
    ]


def _devices(
    dice: Dice, prefix: str, names: list[str], driver: str, *, drawing: bool = False
) -> list[Json]:
    shared = dice.maybe(0.3)
    conditional = dice.maybe(0.06)
    made = [
        _device(dice, f"{prefix}{index}", driver, shared=shared and dice.maybe(0.7))
        for index in range(dice.choice((1, 2, 2, 3, 3, 4, 5, 6)))
    ]
    for each in made:
        if names:
            each.update(dice.choice(({"nodeName": dice.choice(names)}, {"allNodes": True})))
        if drawing and dice.maybe(0.9):
            counter = {"slots": {"value": dice.choice(("1", "2", "3"))}}
            chosen = dice.choice((*["set0"] * 12, "set1"))
            each["consumesCounters"] = [{"counterSet": chosen, "counters": counter}]
        if conditional:
            each["bindingConditions"] = ["example.com/ready"]
            each["bindingFailureConditions"] = ["example.com/failed"]
    return made


def _device(dice: Dice, name: str, driver: str, *, shared: bool) -> Json:
    made: Json = {"name": name, "attributes": _attributes(dice, driver)}
    if dice.maybe(0.7) or shared:
        made["capacity"] = _capacity(dice, shared=shared)
    if shared:
        made["allowMultipleAllocations"] = True
    if dice.maybe(0.12):
        made["taints"] = [dice.choice(TAINTS)]
    if dice.maybe(0.06):
        made["bindsToNode"] = True
    return made


def _attributes(dice: Dice, driver: str) -> Json:
    attributes: Json = {}
    if dice.maybe(0.9):
        attributes["model"] = {"string": dice.choice(("a", "a", "b", "c"))}
    if dice.maybe(0.9):
        attributes["index"] = {"int": dice.randint(0, 3)}
    if dice.maybe(0.8):
        attributes["version"] = {"version": dice.choice(("1.2.0", "1.10.0", "2.0.0-rc.1"))}
    if dice.maybe(0.7):
        attributes["example.com/numa"] = {"int": dice.randint(0, 1)}
    if dice.maybe(0.3):
        attributes["local/rack"] = {"string": dice.choice(("r1", "r2"))}
    if dice.maybe(0.4):
        attributes[f"{driver}/fast"] = {"bool": dice.maybe(0.7)}
    return attributes


def _capacity(dice: Dice, *, shared: bool) -> Json:
    memory: Json = {"value": dice.choice(("10Gi", "20Gi", "40Gi"))}
    if shared and dice.maybe(0.6):
        memory["requestPolicy"] = _policy(dice)
    made: Json = {"memory": memory}
    if dice.maybe(0.2):
        made["slots"] = {"value": dice.choice(("2", "4"))}
    if shared and dice.maybe(0.5):
        made["cores"] = {"value": dice.choice(("2", "4")), "requestPolicy": dice.choice(CORES)}
    return made


CORES: Final = (
    {"default": "500m", "validRange": {"min": "500m", "step": "250m"}},
    {"default": "1", "validRange": {"min": "1", "max": "2", "step": "500m"}},
    {"default": "1500m", "validValues": ["750m", "1500m"]},
)
"""Policies of a capacity that is given in parts of one."""


def _policy(dice: Dice) -> Json:
    return dice.choice(
        (
            {"default": "1Gi", "validRange": {"min": "1Gi", "max": "9Gi", "step": "1Gi"}},
            {"default": "2Gi", "validRange": {"min": "1Gi"}},
            {"default": "4Gi", "validValues": ["2Gi", "4Gi", "8Gi"]},
            {"default": "1500Mi", "validRange": {"min": "500Mi", "step": "500Mi"}},
        )
    )


def _rule(dice: Dice, name: str, nodes: list[str]) -> Json:
    asked: Json = {"driver": dice.choice((DRIVER, OTHER))}
    if dice.maybe(0.3):
        asked["pool"] = f"local0-{dice.choice(nodes)}"
    if dice.maybe(0.5):
        asked["device"] = dice.choice(("a0", "a1", "b0"))
    spec = {"deviceSelector": asked, "taint": dice.choice(TAINTS[:3])}
    return named("DeviceTaintRule", name, None, spec)
