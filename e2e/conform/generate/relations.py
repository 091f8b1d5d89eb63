"""What of a pod concerns other pods: inter-pod affinity and topology spread."""

from typing import Final

from e2e.client import Json
from e2e.conform.generate.dice import Dice
from e2e.conform.generate.nodes import DISKS, HOSTNAME, ZONE

APPS: Final = ("web", "db", "cache")
NAMESPACES: Final = {
    "conform-a": {"team": "a", "env": "prod", "resource.kubernetes.io/admin-access": "true"},
    "conform-b": {"team": "b", "env": "prod"},
    "conform-c": {},
}
TOPOLOGIES: Final = (HOSTNAME, ZONE, "rack")


def labels(dice: Dice) -> Json:
    """Return labels of a pod that others may select."""
    found = {"app": dice.choice(APPS)}
    if dice.maybe(0.5):
        found["version"] = dice.choice(("1", "2"))
    return found


def relate(dice: Dice, spec: Json) -> None:
    """Add required affinity, anti-affinity, or both."""
    affinity = spec.setdefault("affinity", {})
    kind = dice.choice(("podAffinity", "podAntiAffinity", "podAntiAffinity", "both"))
    for each in ("podAffinity", "podAntiAffinity"):
        if kind in (each, "both"):
            terms = [_term(dice) for _ in range(dice.choice((1, 1, 2)))]
            affinity[each] = {"requiredDuringSchedulingIgnoredDuringExecution": terms}


def repel(dice: Dice, spec: Json) -> None:
    """Add required anti-affinity."""
    spec.setdefault("affinity", {})["podAntiAffinity"] = {
        "requiredDuringSchedulingIgnoredDuringExecution": [_term(dice)]
    }


def repel_all(dice: Dice, spec: Json) -> None:
    """Add required anti-affinity towards every pod of the scene."""
    term = {
        "topologyKey": dice.choice(TOPOLOGIES),
        "labelSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
        "namespaceSelector": {},
    }
    spec.setdefault("affinity", {})["podAntiAffinity"] = {
        "requiredDuringSchedulingIgnoredDuringExecution": [term]
    }


def _term(dice: Dice) -> Json:
    term: Json = {"topologyKey": dice.choice(TOPOLOGIES)}
    if dice.maybe(0.95):
        term["labelSelector"] = _selector(dice)
    if dice.maybe(0.25):
        term["namespaces"] = dice.some(sorted(NAMESPACES), 1, 2)
    if dice.maybe(0.25):
        term["namespaceSelector"] = dice.choice(
            (
                {},
                {"matchLabels": {"team": "a"}},
                {"matchLabels": {"env": "prod"}},
                {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
            )
        )
    if "labelSelector" in term and dice.maybe(0.25):
        term[dice.choice(("matchLabelKeys", "mismatchLabelKeys"))] = ["version"]
    return term


def _selector(dice: Dice) -> Json:
    if dice.maybe(0.55):
        return {"matchLabels": {"app": dice.choice(APPS)}}
    if dice.maybe(0.2):
        return {}
    operator = dice.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    key = "app" if operator in ("In", "NotIn") else dice.choice(("app", "release"))
    asked: Json = {"key": key, "operator": operator}
    if operator in ("In", "NotIn"):
        asked["values"] = dice.some(APPS, 1, 2)
    return {"matchExpressions": [asked]}


def spread(dice: Dice, spec: Json) -> None:
    """Add one or two spread constraints, hard ones most of the time."""
    keys = dice.some(TOPOLOGIES, 1, 2)
    if dice.maybe(0.25):  # whose nodes may be left out of the count
        spec["nodeSelector"] = {"disk": dice.choice(DISKS)}
    spec["topologySpreadConstraints"] = [_constraint(dice, key) for key in keys]


def _constraint(dice: Dice, key: str) -> Json:
    hard = dice.maybe(0.9)
    made: Json = {
        "maxSkew": dice.choice((1, 1, 1, 2)),
        "topologyKey": key,
        "whenUnsatisfiable": "DoNotSchedule" if hard else "ScheduleAnyway",
    }
    if dice.maybe(0.95):
        made["labelSelector"] = {} if dice.maybe(0.12) else _selector(dice)
        if dice.maybe(0.3):
            made["matchLabelKeys"] = ["version"]
    if hard and dice.maybe(0.5):
        made["minDomains"] = dice.randint(1, 4)
    if dice.maybe(0.4):
        made["nodeAffinityPolicy"] = dice.choice(("Honor", "Ignore"))
    if dice.maybe(0.5):
        made["nodeTaintsPolicy"] = dice.choice(("Honor", "Honor", "Ignore"))
    return made
