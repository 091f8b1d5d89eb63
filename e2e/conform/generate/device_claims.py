"""Claims and templates, and the pods that name them or ask for extended resources."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate import selectors
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.relations import NAMESPACES
from e2e.conform.generate.selectors import DRIVER
from e2e.conform.scene import Probe

ACCEL: Final = "example.com/accel"
CLAIMS: Final = 5
"""Claims per namespace, and templates."""

LONG_AGO: Final = "2025-01-01T00:00:00Z"
"""What waits since then is late, also at the moment at which a recording is judged."""

TOLERATIONS: Final = (
    {"operator": "Exists"},
    {"key": "sick", "operator": "Exists"},
    {"key": "sick", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
    {"key": "busy", "operator": "Exists", "effect": "NoExecute"},
    {"key": "busy", "operator": "Equal", "value": ""},
)


AMOUNTS: Final = (
    *(
        {"memory": each}
        for each in ("0", "1Gi", "1500Mi", "2Gi", "3Gi", "4Gi", "8Gi", "9Gi", "15Gi")
    ),
    *({"cores": each} for each in ("250m", "500m", "600m", "1", "1700m", "2")),
    {"memory": "2Gi", "cores": "1"},
    {"memory": "8Ei"},
    {"cores": "9223372036854775807"},
)
"""Of capacity that requests ask for; the last are the largest number and one more."""


def claims(dice: Dice, names: list[str]) -> list[Json]:
    """Return claims, some of them allocated, and templates of each namespace."""
    made = []
    for namespace in sorted(NAMESPACES):
        for index in range(CLAIMS):
            spec = {"devices": _claim(dice, is_admin=namespace == "conform-a")}
            found = named("ResourceClaim", f"d{index}", namespace, spec)
            if dice.maybe(0.3):
                found["metadata"]["finalizers"] = ["resource.kubernetes.io/delete-protection"]
                found["status"] = _status(dice, spec, names)
            made.append(found)
            spec = {"devices": _claim(dice, is_admin=namespace == "conform-a")}
            made.append(named("ResourceClaimTemplate", f"t{index}", namespace, {"spec": spec}))
    return made


def named(kind: str, name: str, namespace: str | None, spec: Json) -> Json:
    """Return an object of resource.k8s.io."""
    meta = {"name": name} | ({} if namespace is None else {"namespace": namespace})
    return {"apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": meta, "spec": spec}


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


def _status(dice: Dice, spec: Json, names: list[str]) -> Json:
    """Return the status of an allocated claim: for one node or all, ready or not."""
    first = spec["devices"]["requests"][0]
    request = first["name"] + ("/s0" if "firstAvailable" in first else "")
    node = dice.choice(names)
    pool = dice.choice((f"local0-{node}", f"local1-{node}"))
    result = {"request": request, "driver": DRIVER, "pool": pool, "device": "a0"}
    allocation: Json = {
        "devices": {"results": [result]},
        "allocationTimestamp": LONG_AGO,
    }
    if dice.maybe(0.8):
        fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
        allocation["nodeSelector"] = {"nodeSelectorTerms": [{"matchFields": fields}]}
    status: Json = {"allocation": allocation}
    if dice.maybe(0.3):
        result["bindingConditions"] = ["example.com/ready"]
        result["bindingFailureConditions"] = ["example.com/failed"]
        kind = dice.choice(("example.com/ready", "example.com/failed", "example.com/ready"))
        condition = {
            "type": kind,
            "status": dice.choice(("True", "True", "False")),
            "reason": "Drawn",
            "message": "",
            "lastTransitionTime": LONG_AGO,
        }
        device = {key: result[key] for key in ("driver", "pool", "device")}
        status["devices"] = [device | {"conditions": [condition]}]
    if dice.maybe(0.5):
        status["reservedFor"] = [{"resource": "pods", "name": "other", "uid": "other"}]
    return status


def _claim(dice: Dice, *, is_admin: bool) -> Json:
    if dice.maybe(0.2):
        return {"requests": _tight(dice)}
    number = dice.choice((1, 1, 1, 1, 2, 3))
    requests = [_request(dice, f"r{index}", is_admin=is_admin) for index in range(number)]
    made: Json = {"requests": requests}
    if dice.maybe(0.3):
        key = dice.choice(("matchAttribute", "matchAttribute", "distinctAttribute"))
        about = dice.choice((f"{DRIVER}/model", f"{DRIVER}/model", "example.com/numa"))
        constraint: Json = {key: about}
        if dice.maybe(0.5):
            names = [each["name"] for each in requests]
            parts = [f"{each['name']}/s0" for each in requests if "firstAvailable" in each]
            constraint["requests"] = dice.some([*names, *parts], 1)
        made["constraints"] = [constraint]
    return made


def _tight(dice: Dice) -> list[Json]:
    """Return requests of which the first may take what only it can leave to the others."""
    classes = (dice.choice(("any", "gpu")), *dice.some(("a", "gpu", "nic", "a"), 1, 2))
    return [
        {
            "name": f"r{index}",
            "exactly": {
                "deviceClassName": f"conform-{each}",
                "count": dice.choice((1, 1, 2)),
                "tolerations": [{"operator": "Exists"}],
            },
        }
        for index, each in enumerate(classes)
    ]


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
        made["count"] = 32 if dice.maybe(0.02) else dice.choice((1, 1, 1, 1, 2, 3))
    if dice.maybe(0.35):
        found = dice.some(selectors.EXPRESSIONS, 1, dice.choice((1, 1, 2)))
        made["selectors"] = [selectors.of(each) for each in found]
    if dice.maybe(0.35):
        made["tolerations"] = [dice.choice(TOLERATIONS)]
    if dice.maybe(0.2):
        made["capacity"] = {"requests": dice.choice(AMOUNTS)}
    return made
