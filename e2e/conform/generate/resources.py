"""What containers ask for: init containers, sidecars, overhead, pod-level requests, resizes."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import GPU

IMAGE: Final = "registry.k8s.io/pause:3.10"
CPU: Final = ("100m", "500m", "900m", "1", "1500m", "2", "0")
MEMORY: Final = ("64Mi", "512Mi", "1Gi", "1000M", "2Gi", "4Gi", "500m")
"""The last is half a byte, which counts as one."""
HEAVY: Final = "conform-heavy"
"""Name of a RuntimeClass with overhead."""


def container(name: str = "main", **more: object) -> Json:
    """Return a container."""
    return {"name": name, "image": IMAGE, **more}


def sparing() -> Json:
    """Return a pod spec that asks for nothing."""
    return {"containers": [container()]}


def modest(dice: Dice) -> Json:
    """Return requests of a pod that fits nearly everywhere."""
    return {"requests": {"cpu": dice.choice(("50m", "100m", "200m")), "memory": "64Mi"}}


def demand(dice: Dice, spec: Json) -> None:
    """Give the pod requests that may or may not fit."""
    spec["containers"][0]["resources"] = _amounts(dice)
    if dice.maybe(0.25):
        spec["containers"].append(container("second", resources=_amounts(dice, plain=True)))
    if dice.maybe(0.35):
        spec["initContainers"] = [_init(dice, index) for index in range(dice.randint(1, 3))]
    if dice.maybe(0.15):
        spec["runtimeClassName"] = HEAVY
    if dice.maybe(0.2):
        _whole(dice, spec)


def running_as(dice: Dice, pod: Json) -> None:
    """Let a bound pod be in the middle of a resize, or say what the node gave it."""
    own = pod["spec"]["containers"][0]
    given = {
        key: dice.choice(CPU[:6] if key == "cpu" else MEMORY[:6])
        for key in own.get("resources", {}).get("requests", {})
        if key in ("cpu", "memory")
    }
    if not given:
        return
    pod["status"] = {
        "phase": "Running",
        "containerStatuses": [
            {
                "name": "main",
                "image": IMAGE,
                "imageID": "",
                "ready": True,
                "restartCount": 0,
                "allocatedResources": given,
                "resources": {"requests": given},
            }
        ],
    }
    if dice.maybe(0.85 if "resources" in pod["spec"] else 0.3):
        pod["status"] |= _given_to_all(dice, given)
    if dice.maybe(0.3):
        del pod["status"]["containerStatuses"][0][dice.choice(("allocatedResources", "resources"))]
    if dice.maybe(0.6):
        pod["status"]["conditions"] = [
            {
                "type": "PodResizePending",
                "status": "True",
                "reason": dice.choice(("Infeasible", "Deferred")),
            }
        ]


def _given_to_all(dice: Dice, given: Json) -> Json:
    """Return what a pod's status says of the pod as a whole."""
    # much more than its containers have: then it matters which of the two counts
    cpu = {"cpu": dice.choice((*CPU[1:6], "3", "3", "3"))} if "cpu" in given else {}
    found: Json = {"allocatedResources": given | cpu, "resources": {"requests": given}}
    if dice.maybe(0.3):
        del found[dice.choice(sorted(found))]
    return found


def _amounts(dice: Dice, *, plain: bool = False) -> Json:
    asked: Json = {}
    if dice.maybe(0.8):
        asked["cpu"] = dice.choice(CPU)
    if dice.maybe(0.7):
        asked["memory"] = dice.choice(MEMORY)
    if dice.maybe(0.2):
        asked["ephemeral-storage"] = dice.choice(("1Gi", "3Gi"))
    exact: Json = {}
    if not plain and dice.maybe(0.35):
        exact[GPU] = str(dice.randint(0, 3))
    if not plain and dice.maybe(0.2):
        asked.setdefault("cpu", "100m")
        exact["hugepages-2Mi"] = dice.choice(("64Mi", "128Mi"))
    return {"requests": asked | exact, "limits": exact}


def _init(dice: Dice, index: int) -> Json:
    made = container(f"init-{index}", resources=_amounts(dice, plain=True))
    if dice.maybe(0.5):
        made["restartPolicy"] = "Always"
    return made


def _whole(dice: Dice, spec: Json) -> None:
    """Set pod-level requests: they count instead of the containers' and cannot be below them."""
    for each in (*spec["containers"], *spec.get("initContainers", ())):
        each["resources"] = {"requests": {"cpu": "100m"}}
    spec["resources"] = {"requests": {"cpu": dice.choice(("600m", "1", "2"))}}
    if dice.maybe(0.5):
        spec["resources"]["requests"]["memory"] = dice.choice(("512Mi", "2Gi"))
    if dice.maybe(0.4):
        spec["resources"]["limits"] = {"cpu": "3", "memory": "3Gi"}
