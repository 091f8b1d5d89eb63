"""What the leader does about rescheduling in one turn, and what it says of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from restow.app import ledger, tally, telling
from restow.app.announcer import Announcer
from restow.app.churn import Return, returns
from restow.app.deciding import Memory, Question
from restow.app.desk import Desk, SeenPolicy
from restow.app.learning import learn, written
from restow.app.rescheduling import Rescheduling, covered
from restow.app.settling import unsettled
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.fragmentation.learning import Seen, shapes
from restow.planning.execution import Turn
from restow.planning.formulation import Usage
from restow.planning.plan import Plan, Trigger
from restow.policies.coverage import Policy
from restow.policies.packing_plan import PackingPlan
from restow.policies.packing_policy import Mode, SeenShape

File = Callable[[Policy, Plan], Awaitable[PackingPlan | None]]
"""Stores a decision, and returns it if it is new."""


@dataclass(slots=True, kw_only=True)
class Looking:
    """Looks at the cluster when that is due, and says what came of it."""

    rescheduling: Rescheduling
    desk: Desk
    announcer: Announcer
    _seen: dict[str, tuple[SeenShape, ...]] = field(default_factory=dict)
    _returns: dict[str, tuple[Return, ...]] = field(default_factory=dict)

    def forget(self, policy: str) -> None:
        """Remember nothing of a policy that is gone."""
        self.rescheduling.forget(policy)
        self._returns.pop(policy, None)
        self._seen.pop(policy, None)

    async def turn(  # noqa: PLR0913 - by name
        self,
        policy: Policy,
        policies: tuple[Policy, ...],
        snapshot: Snapshot,
        *,
        question: Question,
        memory: Memory,
        usage: Usage,
        now: datetime,
        file: File,
    ) -> datetime | None:
        """Look if that is due and nothing else is; return when it is next, None for never."""
        plans = self.desk.plans
        at = self.rescheduling.due_at(policy, plans.values(), now)
        if at is None or at > now:
            return at
        wait = unsettled(policy, policies, snapshot, decided=memory.decided, usage=usage, now=now)
        if memory.rest(snapshot, now) is not None or question.due or wait is not None:
            if self.rescheduling.put_off(policy, now) and wait is not None:
                tally.put_off(policy.name, wait)
                self.announcer.say(
                    [telling.put_off(policy.name, self._uid(policy.name), wait.why.value)]
                )
        else:
            await self._look(policy, policies, snapshot, usage, now, file)
        return self.rescheduling.due_at(policy, plans.values(), now)

    async def _look(  # noqa: PLR0913, PLR0917 - as it was asked
        self,
        policy: Policy,
        policies: tuple[Policy, ...],
        snapshot: Snapshot,
        usage: Usage,
        now: datetime,
        file: File,
    ) -> None:
        seen = self._learn(policy, policies, snapshot, now)
        looked = await self.rescheduling.decide(
            policy, policies, snapshot, usage, now, learned=shapes(seen)
        )
        tally.looked(policy.name, looked)
        uid, stored = self._uid(policy.name), None
        if looked.found is not None:
            stored = await file(policy, looked.found.plan)
        if looked.why:
            self.announcer.say([telling.not_made(policy.name, uid, looked.why)])
        elif stored is not None and looked.found is not None:
            plan = replace(looked.found.plan, name=ledger.name_of(stored))
            acts = policy.spec.mode is not Mode.OBSERVE
            self.announcer.say(telling.planned(policy.name, uid, plan, pods=acts))

    def _learn(
        self, policy: Policy, policies: tuple[Policy, ...], snapshot: Snapshot, now: datetime
    ) -> tuple[Seen, ...]:
        """Remember what pods ask for now, where the policy wants that."""
        asked, document = policy.spec.rescheduling, self.desk.policies.get(policy.name)
        if asked is None or document is None:
            return ()
        pods = covered(policy, policies, snapshot)
        found = learn(self.seen_shapes(document), asked, pods, now)
        self._seen[policy.name] = written(found)
        return found

    def seen_shapes(self, seen: SeenPolicy) -> tuple[SeenShape, ...]:
        """Return what pods asked for of late; after a restart, what the status says."""
        return self._seen.get(seen.name, seen.status.seen_shapes)

    def over(self, plan: Plan, turn: Turn) -> None:
        """Say how a plan ended."""
        if plan.trigger is Trigger.RESCHEDULING:
            self.announcer.say(telling.over(plan.policy, self._uid(plan.policy), plan, turn))

    def moved_back(self, seen: SeenPolicy) -> tuple[Return, ...]:
        """Return who was moved back and forth under a policy; say and log what is new of it."""
        found = returns(self.desk.plans.values(), seen.name)
        known = self._returns.get(seen.name, ())
        tally.moved_back(seen.name, found, new=[each for each in found if each not in known])
        self._returns[seen.name] = found
        self.announcer.say(telling.moved_back(seen.name, seen.uid, each) for each in found)
        return found

    def _uid(self, policy: str) -> Uid:
        seen = self.desk.policies.get(policy)
        return Uid("") if seen is None else seen.uid
