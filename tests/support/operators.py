"""An operator in memory: the real leader on the simulated cluster, with stored documents."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from restow.app.acting import Acting
from restow.app.announcement import Announcement
from restow.app.announcer import Announcer
from restow.app.deciding import Deciding
from restow.app.desk import Desk, read_plan, read_policy
from restow.app.filing import Filing
from restow.app.leading import Leading
from restow.app.looking import Looking
from restow.app.rescheduling import Rescheduling
from restow.cluster.snapshot import Snapshot
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.planning.acts import Act, ActResult
from restow.planning.progress import Settings as Limits
from restow.policies.coverage import Policy
from restow.policies.packing_plan import PackingPlan
from restow.simulation.cluster import Cluster
from restow.simulation.performer import Performer
from tests.support.decisions import rescheduler, solver

Body = Mapping[str, Any]


@dataclass
class Store:
    """restow's objects, as the API server would keep them; `writes` counts what changed them."""

    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)

    def _version(self, what: str) -> str:
        self.writes.append(what)
        return str(len(self.writes))

    def put_policy(self, policy: Policy, *, generation: int = 1) -> None:
        """Create or change a policy, as its owner does."""
        spec = policy.spec.model_dump(mode="json", by_alias=True)
        old = self.policies.get(policy.name, {})
        self.policies[policy.name] = {
            "metadata": {
                "name": policy.name,
                "generation": generation,
                "resourceVersion": self._version("policy"),
            },
            "spec": spec,
            "status": old.get("status", {}),
        }

    def annotate(self, name: str, **annotations: str) -> None:
        """Annotate a plan under restow.dev/, as `kubectl annotate` does."""
        metadata = self.plans[name]["metadata"]
        metadata["annotations"] = {f"restow.dev/{key}": v for key, v in annotations.items()}
        metadata["resourceVersion"] = self._version("annotation")

    async def list_policies(self) -> tuple[Body, ...]:
        """Return all policies."""
        return tuple(_copy(each) for each in self.policies.values())

    async def list_plans(self) -> tuple[Body, ...]:
        """Return all plans."""
        return tuple(_copy(each) for each in self.plans.values())

    async def create_plan(self, body: Body) -> Body:
        """Keep a plan."""
        stored = _copy(body)
        stored["metadata"]["resourceVersion"] = self._version("create plan")
        self.plans[stored["metadata"]["name"]] = stored
        return _copy(stored)

    async def patch_plan_status(self, name: str, status: Body) -> Body | None:
        """Replace the status of a plan."""
        return self._patch(self.plans, name, status, "plan status")

    async def patch_policy_status(self, name: str, status: Body) -> Body | None:
        """Replace the status of a policy."""
        return self._patch(self.policies, name, status, "policy status")

    async def delete_plan(self, name: str) -> None:
        """Forget a plan."""
        self.plans.pop(name, None)
        self._version("delete plan")

    def _patch(
        self, kept: dict[str, dict[str, Any]], name: str, status: Body, what: str
    ) -> Body | None:
        if name not in kept:
            return None
        kept[name]["status"] = _copy(status)
        kept[name]["metadata"]["resourceVersion"] = self._version(what)
        return _copy(kept[name])


def _copy(body: Body) -> dict[str, Any]:
    """Return the body as it comes back over the wire."""
    copied: dict[str, Any] = json.loads(json.dumps(body))
    return copied


class Chair:
    """A lease that is held as long as the test says."""

    def __init__(self) -> None:
        self.held = True

    async def release(self) -> None:
        """Give it up."""
        self.held = False


class Voice:
    """Hears what is said."""

    def __init__(self) -> None:
        self.said: list[Announcement] = []

    async def say(self, announcement: Announcement) -> None:
        """Keep it."""
        self.said.append(announcement)


class Hands:
    """Performs acts on the simulated cluster, until the operator is `dead`."""

    def __init__(self, cluster: Cluster) -> None:
        self._performer = Performer(cluster)
        self.acts: list[Act] = []
        self.dies_before: Callable[[Act], bool] = lambda _: False

    async def perform(self, act: Act) -> ActResult:
        """Perform one act; raises Killed where the test wants the operator dead."""
        if self.dies_before(act):
            raise Killed
        self.acts.append(act)
        return self._performer.perform(act)


class Killed(Exception):  # noqa: N818 - what it is
    """The operator dies here."""


class Operator:
    """One operator process on a cluster; make another one on the same store to restart it."""

    def __init__(self, cluster: Cluster, store: Store) -> None:
        self.cluster, self.store = cluster, store
        self.desk, self.hands, self.chair, self.voice = Desk(), Hands(cluster), Chair(), Voice()
        self.solved: list[Problem] = []
        self._snapshot: Snapshot | None = None
        self.announcer = Announcer(self.voice)
        filing = Filing(store, self.desk)
        self.leading = Leading(
            desk=self.desk,
            filing=filing,
            deciding=Deciding(self._solve),
            looking=Looking(
                rescheduling=Rescheduling(rescheduler=rescheduler),
                desk=self.desk,
                announcer=self.announcer,
            ),
            acting=Acting(
                hands=self.hands,
                filing=filing,
                announcer=self.announcer,
                chair=self.chair,
                clock=self.now,
                limits=Limits(),
            ),
            hands=self.hands,
            announcer=self.announcer,
            clock=self.now,
            look=cluster.snapshot,
            idle_s=10.0,
        )

    def now(self) -> datetime:
        """Return the cluster's time."""
        return self.cluster.now

    def _solve(self, problem: Problem, budget_s: float) -> Outcome:
        self.solved.append(problem)
        return solver(problem, budget_s)

    async def start(self) -> None:
        """Take over, as a process does that has won the lease."""
        await self.leading.take_over()

    async def turns(self, number: int, *, seconds: float = 0.5) -> None:
        """Take so many turns, letting time pass and the watches tell between them."""
        for _ in range(number):
            await self.leading.turn()
            self.cluster.tick(seconds)
            self.hear()

    def hear(self) -> None:
        """Put everything stored on the desk, as kopf's watches do."""
        for body in self.store.policies.values():
            self.desk.put_policy(read_policy(_copy(body)))
        for body in self.store.plans.values():
            self.desk.put_plan(read_plan(_copy(body)))
        for name in set(self.desk.plans) - set(self.store.plans):
            self.desk.drop_plan(name)
        for name in set(self.desk.policies) - set(self.store.policies):
            self.desk.drop_policy(name)

    def said(self) -> list[Announcement]:
        """Return what was announced so far, posted or not."""
        waiting = []
        while not self.announcer.queue.empty():
            waiting.append(self.announcer.queue.get_nowait())
        self.voice.said += waiting
        return self.voice.said

    def phases(self) -> dict[str, str]:
        """Return the phase per stored plan."""
        return {name: body["status"].get("phase", "") for name, body in self.store.plans.items()}

    def plan(self, name: str) -> PackingPlan:
        """Return a stored plan."""
        return read_plan(_copy(self.store.plans[name]))
