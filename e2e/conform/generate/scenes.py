"""A scene: a cluster with pods on it, and pods that come to it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from e2e.client import Json
from e2e.conform.generate import (
    claims,
    device_claims,
    devices,
    local,
    relations,
    resources,
    storage,
)
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import nodes
from e2e.conform.scene import Probe, Scene

PROBES: Final = 25
"""Pods asked about in one scene: more of them, and making the scene weighs less."""

PROBE: Final = "conform-probe"
"""PriorityClass of the pods asked about: they preempt nobody."""

PRIORITIES: Final = {"conform-low": -1, "conform-equal": 0, "conform-high": 10}

CROWDED: Final = ("conform-a", "conform-a", "conform-a", "conform-b", "conform-b", "conform-c")
"""Namespaces of pods: many in one, so that there is something to be spread."""

Twist = Callable[[Dice, Json], None]


def scene(seed: int, index: int, topic: str | None = None) -> Scene:
    """Return the scene number `index` of a seed; equal numbers give equal scenes.

    With a `topic` every pod is about it, beside what else it is about.
    """
    dice = Dice(seed * 1_000_003 + index)
    tag = f"{seed}-{index}"
    hosts = nodes(dice, tag)
    names = [each["metadata"]["name"] for each in hosts]
    twists = _twists(names)
    return Scene(
        name=tag,
        objects=(
            *(_namespace(name, found) for name, found in relations.NAMESPACES.items()),
            *_priorities(),
            _heavy(),
            *hosts,
            *storage.storage(dice, tag, hosts),
            *devices.devices(dice, tag, hosts),
            *(_resident(dice, f"r{number}", names) for number in range(dice.randint(3, 9))),
            *(_nominee(dice, f"w{number}", names) for number in range(dice.choice((0, 1, 2, 2)))),
        ),
        probes=_probes(dice, twists, topic),
    )


def _probes(dice: Dice, twists: Mapping[str, Twist], topic: str | None) -> tuple[Probe, ...]:
    """Return the probes; those with claims come last: one that succeeds may end the scene."""
    made = [_probe(dice, f"p{number}", twists, topic) for number in range(PROBES)]
    return tuple(sorted(made, key=_may_end))


def _may_end(probe: Probe) -> bool:
    """Tell whether a volume may have to be bound for the pod, which ends the scene."""
    return any({"persistentVolumeClaim", "ephemeral"} & each.keys() for each in _volumes(probe.pod))


def _volumes(pod: Json) -> list[Json]:
    found: list[Json] = pod["spec"].get("volumes", [])
    return found


def _twists(names: list[str]) -> Mapping[str, Twist]:
    return {
        "NodeUnschedulable": local.tolerate_cordon,
        "TaintToleration": local.tolerate,
        "NodeAffinity": partial(local.choose_nodes, names=names),
        "NodePorts": local.open_ports,
        "NodeResourcesFit": resources.demand,
        "VolumeRestrictions": claims.share,
        "NodeVolumeLimits": claims.attach,
        "VolumeBinding": claims.mount,
        "VolumeZone": claims.mount_in_zones,
        "PodTopologySpread": relations.spread,
        "InterPodAffinity": relations.relate,
        "NodeDeclaredFeatures": local.need_feature,
        "SchedulingGates": local.gate,
        "DynamicResources": device_claims.claim,
    }


UNBOUND: Final = frozenset(
    {"NodeVolumeLimits", "VolumeBinding", "VolumeRestrictions", "VolumeZone"}
)
"""Topics whose pods may have a volume to bind."""

WEIGHTS: Final = {"InterPodAffinity": 2.0, "PodTopologySpread": 2.6, "SchedulingGates": 0.8}


def _probe(dice: Dice, name: str, twists: Mapping[str, Twist], topic: str | None) -> Probe:
    weights = [WEIGHTS.get(topic, 1.0) for topic in twists]
    number = dice.choice((1, 1, 2, 2, 3)) if topic is None else dice.choice((0, 0, 1))
    topics = sorted({*dice.choices(list(twists), weights, k=number), *filter(None, [topic])})
    if "DynamicResources" in topics:  # a volume to bind would keep what the claims got open
        topics = [each for each in topics if each not in UNBOUND]
    spec = resources.sparing()
    if "NodeResourcesFit" not in topics:
        spec["containers"][0]["resources"] = resources.modest(dice)
    for each in topics:
        twists[each](dice, spec)
    if "TaintToleration" not in topics and dice.maybe(
        0.25 if "PodTopologySpread" in topics else 0.5
    ):
        spec.setdefault("tolerations", []).append({"operator": "Exists"})
    spec["priorityClassName"] = PROBE
    pod = _pod(dice, name, spec)
    owned = claims.scratch(dice, pod) if "VolumeBinding" in topics and dice.maybe(0.12) else []
    return replace(device_claims.probe(pod, tuple(topics)), owned=tuple(owned))


def _resident(dice: Dice, name: str, names: list[str]) -> Json:
    spec = resources.sparing()
    if dice.maybe(0.5):
        resources.demand(dice, spec)
    if dice.maybe(0.35):
        local.open_ports(dice, spec, most=3)
    if dice.maybe(0.3):
        relations.repel(dice, spec)
    if dice.maybe(0.35):
        claims.share(dice, spec)
    if dice.maybe(0.3):
        claims.mount(dice, spec)
    if dice.maybe(0.3):
        claims.attach(dice, spec)
    spec["nodeName"] = dice.choice(names)
    made = _pod(dice, name, spec)
    if dice.maybe(0.1):
        made["status"] = {"phase": dice.choice(("Succeeded", "Failed"))}
        _without_ports(made["spec"])
    elif dice.maybe(0.9 if "resources" in spec else 0.45):
        resources.running_as(dice, made)
    if dice.maybe(0.12):
        made["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return made


def _without_ports(spec: Json) -> None:
    """Take the host ports off a pod that ends: kube-scheduler then forgets them for the node.

    Upstream's `HostPortInfo` counts no holders, so that a pod that goes frees a port that another,
    put there past the scheduler, still holds.
    """
    for each in (*spec["containers"], *spec.get("initContainers", ())):
        each.pop("ports", None)


def _nominee(dice: Dice, name: str, names: list[str]) -> Json:
    """Return a pod that a node is held for; a gate keeps it from being judged itself."""
    spec = resources.sparing()
    if dice.maybe(0.7):
        resources.demand(dice, spec)
    if dice.maybe(0.4):
        local.open_ports(dice, spec)
    if dice.maybe(0.6):
        dice.choice((relations.repel, relations.repel_all))(dice, spec)
    spec["schedulingGates"] = [{"name": "example.com/later"}]
    spec["priorityClassName"] = dice.choice((*PRIORITIES, PROBE))
    made = _pod(dice, name, spec)
    return made | {"status": {"nominatedNodeName": dice.choice(names)}}


def _pod(dice: Dice, name: str, spec: Json) -> Json:
    has_claims = any("persistentVolumeClaim" in each for each in spec.get("volumes", ()))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": dice.choice(claims.NAMESPACES if has_claims else CROWDED),
            "labels": relations.labels(dice),
        },
        "spec": spec,
    }


def _namespace(name: str, found: Json) -> Json:
    meta = {"name": name, "labels": found}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def _priorities() -> list[Json]:
    return [
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "preemptionPolicy": "Never",
        }
        for name, value in {**PRIORITIES, PROBE: 0}.items()
    ]


def _heavy() -> Json:
    return {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": resources.HEAVY},
        "handler": "heavy",
        "overhead": {"podFixed": {"cpu": "250m", "memory": "128Mi"}},
    }
