"""Devices: slices and pools of all kinds, classes, taint rules, claims, extended resources."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate import selectors
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import GPU, ZONE, ZONES
from e2e.conform.generate.relations import NAMESPACES
from e2e.conform.generate.selectors import DRIVER, OTHER, OWN
from e2e.conform.scene import Probe

ACCEL: Final = "example.com/accel"
CLAIMS: Final = 5
"""Claims per namespace, and templates."""

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
TOLERATIONS: Final = (
    {"operator": "Exists"},
    {"key": "sick", "operator": "Exists"},
    {"key": "sick", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
    {"key": "busy", "operator": "Exists", "effect": "NoExecute"},
    {"key": "busy", "operator": "Equal", "value": ""},
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
    made += [_rule(dice, f"rule{index}-{tag}") for index in range(dice.choice((0, 0, 0, 1)))]
    for namespace in sorted(NAMESPACES):
        for index in range(CLAIMS):
            spec = {"devices": _claim(dice, is_admin=namespace == "conform-a")}
            made.append(_named("ResourceClaim", f"d{index}", namespace, spec))
            spec = {"devices": _claim(dice, is_admin=namespace == "conform-a")}
            made.append(_named("ResourceClaimTemplate", f"t{index}", namespace, {"spec": spec}))
    return made


def claim(dice: Dice, spec: Json) -> None:
    """Give the pod claims, extended resources, or both."""
    kind = dice.choice(("claims", "claims", "claims", "claims", "extended", "both"))
    if kind != "extended":
        numbers = dice.some(range(CLAIMS), 1, dice.choice((1, 1, 2)))
        spec["resourceClaims"] = [_entry(dice, f"e{number}", number) for number in numbers]
    if kind != "claims":
        _extend(dice, spec)


def probe(pod: Json, topics: tuple[str, ...]) -> Probe:
    """Return the probe, with names for the claims of its templates."""
    name = pod["metadata"]["name"]
    entries = pod["spec"].get("resourceClaims", ())
    generated = {
        each["name"]: f"{name}-{each['name']}"
        for each in entries
        if "resourceClaimTemplateName" in each
    }
    return Probe(pod=pod, topics=topics, generated=generated)


def _entry(dice: Dice, name: str, number: int) -> Json:
    if dice.maybe(0.7):
        return {"name": name, "resourceClaimTemplateName": f"t{number}"}
    return {"name": name, "resourceClaimName": f"d{number}"}


def _extend(dice: Dice, spec: Json) -> None:
    names = dice.choice(((ACCEL,), (ACCEL,), ("deviceclass.resource.kubernetes.io/conform-nic",)))
    for each in spec["containers"]:
        _ask(dice, each, names)
    if dice.maybe(0.3):
        made = {"name": "first", "image": spec["containers"][0]["image"]}
        _ask(dice, made, names)
        if dice.maybe(0.4):
            made["restartPolicy"] = "Always"
        spec["initContainers"] = [made, *spec.get("initContainers", ())]


def _ask(dice: Dice, container: Json, names: tuple[str, ...]) -> None:
    asked = {each: dice.choice(("1", "1", "2", "3")) for each in names}
    found = container.setdefault("resources", {})
    for part in ("requests", "limits"):
        found[part] = {**found.get(part, {}), **asked}


def _class(name: str, spec: Json) -> Json:
    return _named("DeviceClass", f"conform-{name}", None, spec)


def _named(kind: str, name: str, namespace: str | None, spec: Json) -> Json:
    meta = {"name": name} | ({} if namespace is None else {"namespace": namespace})
    return {"apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": meta, "spec": spec}


def _reach(dice: Dice, names: list[str]) -> Json:
    return dice.choice(
        (
            {"allNodes": True},
            {"nodeSelector": _selector(ZONE, dice.choice(ZONES))},
            {"nodeSelector": _selector(ZONE, dice.choice(ZONES))},
            {"perDeviceNodeSelection": True, "names": names},
        )
    )


def _selector(key: str, value: str) -> Json:
    asked = {"key": key, "operator": "In", "values": [value]}
    return {"nodeSelectorTerms": [{"matchExpressions": [asked]}]}


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
        _named(
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
        made.append(_named("ResourceSlice", f"{name}-counters", None, spec))
    if kind == "newer":
        newer = dict(made[0]["spec"]["pool"], generation=generation + 1)
        moved = dice.choice((reach, {"nodeName": "elsewhere"}))
        spec = {"driver": driver, "pool": newer, **moved}
        spec["devices"] = _devices(dice, "n", per_device if moved is reach else [], driver)
        made.append(_named("ResourceSlice", f"{name}-newer", None, spec))
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
    shared = dice.maybe(0.2)
    conditional = dice.maybe(0.06)
    made = [
        _device(dice, f"{prefix}{index}", driver, shared=shared and dice.maybe(0.7))
        for index in range(dice.randint(2, 6))
    ]
    for each in made:
        if names:
            each.update(dice.choice(({"nodeName": dice.choice(names)}, {"allNodes": True})))
        if drawing and dice.maybe(0.9):
            counter = {"slots": {"value": dice.choice(("1", "2", "3"))}}
            chosen = dice.choice(("set0", "set0", "set0", "set0", "set1"))
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
    return made


def _policy(dice: Dice) -> Json:
    return dice.choice(
        (
            {"default": "1Gi", "validRange": {"min": "1Gi", "max": "9Gi", "step": "1Gi"}},
            {"default": "2Gi", "validRange": {"min": "1Gi"}},
            {"default": "4Gi", "validValues": ["2Gi", "4Gi", "8Gi"]},
            {"default": "1500Mi", "validRange": {"min": "500Mi", "step": "500Mi"}},
        )
    )


def _rule(dice: Dice, name: str) -> Json:
    asked: Json = {"driver": dice.choice((DRIVER, OTHER))}
    if dice.maybe(0.5):
        asked["device"] = dice.choice(("a0", "a1", "b0"))
    spec = {"deviceSelector": asked, "taint": dice.choice(TAINTS[:3])}
    return _named("DeviceTaintRule", name, None, spec)


def _claim(dice: Dice, *, is_admin: bool) -> Json:
    number = dice.choice((1, 1, 1, 1, 2, 3))
    requests = [_request(dice, f"r{index}", is_admin=is_admin) for index in range(number)]
    made: Json = {"requests": requests}
    if dice.maybe(0.3):
        key = dice.choice(("matchAttribute", "matchAttribute", "distinctAttribute"))
        about = dice.choice((f"{DRIVER}/model", f"{DRIVER}/model", "example.com/numa"))
        constraint: Json = {key: about}
        if dice.maybe(0.5):
            constraint["requests"] = dice.some([each["name"] for each in requests], 1)
        made["constraints"] = [constraint]
    return made


def _request(dice: Dice, name: str, *, is_admin: bool) -> Json:
    if dice.maybe(0.2):
        alternatives = [_wish(dice) | {"name": f"s{n}"} for n in range(dice.randint(1, 3))]
        return {"name": name, "firstAvailable": alternatives}
    wish = _wish(dice)
    if is_admin and dice.maybe(0.25):
        wish["adminAccess"] = True
    return {"name": name, "exactly": wish}


def _wish(dice: Dice) -> Json:
    made: Json = {"deviceClassName": f"conform-{dice.choice(('any', 'gpu', 'gpu', 'nic', 'a'))}"}
    if dice.maybe(0.15):
        made["allocationMode"] = "All"
    else:
        made["count"] = dice.choice((1, 1, 1, 1, 2, 3))
    if dice.maybe(0.35):
        found = dice.some(selectors.EXPRESSIONS, 1, dice.choice((1, 1, 2)))
        made["selectors"] = [selectors.of(each) for each in found]
    if dice.maybe(0.35):
        made["tolerations"] = [dice.choice(TOLERATIONS)]
    if dice.maybe(0.15):
        amount = dice.choice(("1Gi", "1500Mi", "3Gi", "8Gi", "15Gi"))
        made["capacity"] = {"requests": {"memory": amount}}
    return made
