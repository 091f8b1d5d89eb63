"""Promises watched from outside during the whole suite: budgets hold, and no gate stays."""

import threading
import time
from typing import Final

from e2e.client import Json
from e2e.mirror import Change, Mirrors

GATE: Final = "restow.dev/place"
GATE_LIMIT_S: Final = 5.0
EVICTED: Final = "EvictionByEvictionAPI"


class BudgetWatch:
    """Notes each eviction after which fewer pods are healthy than a budget demands."""

    def __init__(self, mirrors: Mirrors) -> None:
        self.violations: list[str] = []
        self.evictions = 0
        self._pods = mirrors["Pod"]
        self._budgets = mirrors["PodDisruptionBudget"]
        self._pods.listen(self._look)

    def _look(self, change: Change) -> None:
        before, after = change.before, change.after or change.last
        if before is None or not healthy(before) or not evicted(after):
            return
        if change.after is not None and healthy(after):  # the mark comes before the deletion
            return
        self.evictions += 1
        for budget in self._budgets.all():
            if covers(budget, after):
                self._judge(budget, after)

    def _judge(self, budget: Json, gone: Json) -> None:
        pods = [pod for pod in self._pods.objects.values() if covers(budget, pod)]
        left, needed = sum(map(healthy, pods)), minimum(budget)
        if left < needed:
            self.violations.append(
                f"{name(gone)} was evicted and left {left} healthy pods under budget "
                f"{name(budget)}, which demands {needed}"
            )


class GateWatch:
    """Notes each pod that holds the gate of restow for longer than it may."""

    def __init__(self, mirrors: Mirrors, limit_s: float = GATE_LIMIT_S) -> None:
        self.gated = 0
        self.longest_s = 0.0
        self._limit_s = limit_s
        self._since: dict[str, tuple[str, float]] = {}
        self._late: list[str] = []
        self._lock = threading.Lock()
        mirrors["Pod"].listen(self._look, replay=True)

    @property
    def violations(self) -> list[str]:
        """What was seen until now, pods that are still gated included."""
        with self._lock:
            held = [(pod, time.monotonic() - since) for pod, since in self._since.values()]
        return self._late + [self._text(*one) for one in held if one[1] > self._limit_s]

    def _look(self, change: Change) -> None:
        uid = change.last["metadata"]["uid"]
        with self._lock:
            if change.after is not None and has_gate(change.after):
                if uid not in self._since:
                    self.gated += 1
                    self._since[uid] = (name(change.last), change.at)
                return
            pod, since = self._since.pop(uid, ("", change.at))
            held_s = change.at - since
            self.longest_s = max(self.longest_s, held_s)
            if held_s > self._limit_s:
                self._late.append(self._text(pod, held_s))

    def _text(self, pod: str, held_s: float) -> str:
        return f"{pod} held the gate {GATE} for {held_s:.1f} s; {self._limit_s:g} s are allowed"


def has_gate(pod: Json) -> bool:
    """Return whether a pod waits behind restow's gate."""
    return any(gate["name"] == GATE for gate in pod["spec"].get("schedulingGates", ()))


def healthy(pod: Json) -> bool:
    """Return whether the disruption controller counts a pod: ready and not on its way out."""
    return "deletionTimestamp" not in pod["metadata"] and any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod["status"].get("conditions", ())
    )


def evicted(pod: Json) -> bool:
    """Return whether a pod was removed through the Eviction API."""
    return any(
        condition["type"] == "DisruptionTarget" and condition.get("reason") == EVICTED
        for condition in pod["status"].get("conditions", ())
    )


def covers(budget: Json, pod: Json) -> bool:
    """Return whether a budget's selector matches a pod."""
    if budget["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    selector = budget["spec"].get("selector")
    if selector is None:
        return False
    labels = pod["metadata"].get("labels", {})
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(fits(one, labels) for one in selector.get("matchExpressions", ()))


def fits(expression: Json, labels: dict[str, str]) -> bool:
    """Return whether labels fulfil one expression of a selector."""
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


def minimum(budget: Json) -> int:
    """Return how many healthy pods a budget demands, as the disruption controller computed it."""
    absolute = budget["spec"].get("minAvailable")
    if isinstance(absolute, int):
        return absolute
    computed: int = budget.get("status", {}).get("desiredHealthy", 0)
    return computed


def name(item: Json) -> str:
    """Return namespace and name of an object, for people."""
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
