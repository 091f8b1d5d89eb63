"""One draw played to its end: set up, planned, acted on, judged, removed."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from e2e.client import ApiError, Client, Json
from e2e.mirror import Change, Mirrors
from e2e.plans import FINAL, phase
from e2e.scenario import describe, is_ready, is_tainted_as_new, node_of, why_unschedulable
from e2e.waiting import eventually
from e2e.whole_plans.draw import CASE, Draw
from e2e.whole_plans.judge import Judged, Seat, judge, left_behind

SETTLE_S: Final = 60
END_S: Final = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of one draw.

    Parameters
    ----------
    plans
        The plans that did something, each with what was found wrong about it.
    wrong
        What is wrong with the draw as a whole; empty when all is well.
    pending, placed
        Pods that kube-scheduler had given up on, and how many of them run in the end.
    """

    name: str
    relations: tuple[str, ...]
    plans: tuple[Judged, ...]
    wrong: tuple[str, ...]
    pending: int = 0
    placed: int = 0

    @classmethod
    def failed(cls, draw: Draw, why: str) -> Self:
        """Return what is said of a draw that did not come to rest."""
        return cls(name=draw.name, relations=draw.relations, plans=(), wrong=(why,))

    @property
    def executed(self) -> int:
        """How many plans were begun."""
        return sum(plan.phase in {"Completed", "Aborted"} for plan in self.plans)


class Stage:
    """Plays draws on a cluster where the operator runs; several may be played at a time."""

    def __init__(self, client: Client, mirrors: Mirrors) -> None:
        self._client = client
        self._mirrors = mirrors
        self._bound: dict[str, Seat] = {}
        mirrors["Pod"].listen(self._note, replay=True)

    def play(self, draw: Draw) -> Played:
        """Play one draw; the cluster is afterwards as it was before.

        Raises
        ------
        AssertionError
            When the cluster does not come to rest in time.
        """
        try:
            self._set_up(draw)
            before = self._seated(draw)
            self._client.create(_policy(draw.name))
            for each in draw.late:
                self._client.create(each)
            return self._finish(draw, len(before))
        finally:
            self._remove(draw)

    def _note(self, change: Change) -> None:
        """Remember where a pod was bound, which is once and for all, also when it is gone."""
        node = node_of(change.last)
        if node:
            self._bound[_uid(change.last)] = Seat(node, _controller(change.last))

    def _set_up(self, draw: Draw) -> None:
        self._client.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": draw.name}}
        )
        for each in draw.nodes:
            self._client.create(each)
        self._wait(lambda: not self._nodes_not_ready(draw), SETTLE_S, "nodes are ready", draw)
        for each in draw.running:
            self._client.create(each)
        self._wait(
            lambda: len(self._pods(draw)) == draw.pods and all(map(_settled, self._pods(draw))),
            SETTLE_S,
            "kube-scheduler has seen every pod",
            draw,
        )

    def _finish(self, draw: Draw, before: int) -> Played:
        wanted = draw.pods + sum(each["spec"].get("replicas", 0) for each in draw.late)
        pending: set[str] = set()

        def at_rest() -> bool:
            pods = self._pods(draw)
            waiting = {_uid(pod) for pod in pods if why_unschedulable(pod) and not node_of(pod)}
            pending.update(waiting)
            return (
                len(pods) == wanted
                and all(map(_settled, pods))
                and waiting <= self._told(draw)
                and all(phase(plan) in FINAL for plan in self._plans(draw))
                and not left_behind(pods)
            )

        self._wait(at_rest, END_S, "restow has done all it could", draw)
        seated = self._seated(draw)
        wrong = left_behind(self._pods(draw))
        if len(seated) < before and not draw.priorities:
            wrong.append(f"{before} pods ran before restow came, {len(seated)} run now")
        return Played(
            name=draw.name,
            relations=draw.relations,
            plans=tuple(
                judge(plan, self._bound) for plan in self._plans(draw) if plan["spec"].get("steps")
            ),
            wrong=tuple(wrong),
            pending=len(pending),
            placed=len(pending & seated),
        )

    def _remove(self, draw: Draw) -> None:
        self._client.delete("PackingPolicy", draw.name)
        self._client.delete("Namespace", draw.name)
        for plan in self._plans(draw):
            self._client.delete("PackingPlan", plan["metadata"]["name"])
        eventually(
            lambda: self._all_pods(draw),
            within_s=SETTLE_S,
            what=f"{draw.name} is gone",
            until=lambda left: not left,
        )
        for each in draw.nodes:
            self._client.delete(each["kind"], each["metadata"]["name"])

    def _wait(self, look: Callable[[], bool], within_s: float, what: str, draw: Draw) -> None:
        try:
            eventually(look, within_s=within_s, what=f"{draw.name}: {what}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._describe(draw)}") from None

    def _describe(self, draw: Draw) -> str:
        plans = (
            f"  {plan['metadata']['name']} {phase(plan)}: {plan['status'].get('message', '')}"
            for plan in self._plans(draw)
        )
        return "\n".join((*map(describe, self._pods(draw)), *plans))

    def _nodes_not_ready(self, draw: Draw) -> list[str]:
        nodes = {each["metadata"]["name"]: each for each in self._mirrors["Node"].all()}
        return [
            name
            for name in (each["metadata"]["name"] for each in draw.nodes if each["kind"] == "Node")
            if name not in nodes or not is_ready(nodes[name]) or is_tainted_as_new(nodes[name])
        ]

    def _all_pods(self, draw: Draw) -> list[Json]:
        pods = self._mirrors["Pod"].all()
        return [pod for pod in pods if pod["metadata"]["namespace"] == draw.name]

    def _pods(self, draw: Draw) -> list[Json]:
        return [p for p in self._all_pods(draw) if "deletionTimestamp" not in p["metadata"]]

    def _plans(self, draw: Draw) -> list[Json]:
        plans = self._mirrors["PackingPlan"].all()
        return [plan for plan in plans if plan["spec"].get("policy") == draw.name]

    def _seated(self, draw: Draw) -> set[str]:
        """Return the uids of the pods that have a node and stay there."""
        return {_uid(pod) for pod in self._pods(draw) if node_of(pod)}

    def _told(self, draw: Draw) -> set[str]:
        """Return the uids of the pods about which restow has said something."""
        events: Iterable[Json] = ()
        with suppress(ApiError):
            events = self._client.list("Event", draw.name)
        return {
            str(event["involvedObject"].get("uid"))
            for event in events
            if str(event.get("reportingComponent", "")).startswith("restow")
        }


def _policy(case: str) -> Json:
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": case},
        "spec": {
            "mode": "Act",
            "graceSeconds": 0,
            "batchWindowSeconds": 1,
            "solveTimeLimitSeconds": 5,
            "moving": {"singleReplicas": True},
            "scope": {
                "pods": {"matchLabels": {CASE: case}},
                "nodes": {"matchLabels": {CASE: case}},
            },
        },
    }


def _settled(pod: Json) -> bool:
    """Whether kube-scheduler has bound the pod and it runs, or it was given up."""
    return is_ready(pod) if node_of(pod) else bool(why_unschedulable(pod))


def _controller(pod: Json) -> str:
    owners = pod["metadata"].get("ownerReferences", ())
    return next((str(each["uid"]) for each in owners if each.get("controller")), "")


def _uid(pod: Json) -> str:
    return str(pod["metadata"]["uid"])
