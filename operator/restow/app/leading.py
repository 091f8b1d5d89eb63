"""What the leader does in one turn: go on with the plan in hand, or decide, store and begin one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from restow.app import ledger, tally
from restow.app.acting import Acting
from restow.app.announcement import of_unplaced, of_unusable
from restow.app.announcer import Announcer
from restow.app.deciding import LONG_AGO, Deciding, Question, pending_of
from restow.app.desk import Desk
from restow.app.filing import Filing
from restow.app.looking import Looking
from restow.app.policy_status import Facts, status_of
from restow.app.ports import Hands
from restow.cluster.snapshot import Snapshot
from restow.core.errors import InputError
from restow.core.ids import PodRef
from restow.planning.approval import Approval, judge_approval
from restow.planning.document import plan_of, spec_of
from restow.planning.execution import Turn
from restow.planning.formulation import Usage
from restow.planning.plan import Action, Plan
from restow.planning.progress import Verdict
from restow.planning.recovery import disarming, orphans
from restow.policies import windows
from restow.policies.coverage import Policy, overlaps
from restow.policies.packing_plan import PackingPlan, PlanPhase
from restow.policies.packing_policy import Mode, PackingPolicySpec
from restow.telemetry import happenings, logs, metrics

_log = logs.logger("leading")
AGAIN_S = 0.0
LONGEST_BACKOFF_S = 300.0
"""After so long the cluster is another one; the first retry comes after 5 s, then double."""
FIRST_BACKOFF_S = 5.0
SWEEP_EVERY, BOOKS_EVERY = timedelta(seconds=0.5), timedelta(seconds=1)
"""Both read every pod (7 and 15 ms for 5,000), and a busy cluster changes all the time."""


@dataclass(slots=True, kw_only=True)
class Leading:
    """One term of a leader.

    Parameters
    ----------
    look
        Returns the newest snapshot; called anew after everything that takes time.
    idle_s
        Longest pause between two turns.
    """

    desk: Desk
    filing: Filing
    deciding: Deciding
    looking: Looking
    acting: Acting
    hands: Hands
    announcer: Announcer
    clock: Callable[[], datetime]
    look: Callable[[], Snapshot]
    idle_s: float
    _swept_at: datetime = LONG_AGO
    _booked_at: datetime = LONG_AGO

    async def take_over(self) -> None:
        """Read what is stored, go on with a plan that was begun, undo what belongs to none."""
        await self.filing.read_all()
        await self._resume()
        live = self._live()
        acts = (*disarming(live), *orphans(self.look(), live))
        for act in acts:
            await self.hands.perform(act)
        _log.info(happenings.RECOVERED, plans=sorted(live), undone=len(acts))

    async def turn(self) -> float:
        """Do what there is to do now; return the longest pause in seconds before the next turn."""
        if not self._busy():
            await self._resume()
        if self._busy():
            return await self._act()
        if self._swept_at + SWEEP_EVERY <= self.clock():
            await self._sweep()
        pauses = [self.idle_s]
        policies = self.desk.usable()
        for gone in self.deciding.forget(each.name for each in policies):
            tally.forget(gone)
            self.looking.forget(gone)
        for policy in policies:
            pauses.append(await self._serve(policy, policies))
            if self._busy():
                return AGAIN_S
        if self._booked_at + BOOKS_EVERY <= self.clock():
            await self._keep_books(policies)
        else:
            pauses.append(BOOKS_EVERY.total_seconds())
        return max(AGAIN_S, min(pauses))

    async def wind_up(self) -> bool:
        """Do one turn of undoing the plan in hand; return whether nothing is left to undo."""
        if self.acting.running is None:
            return True
        self.acting.abort("the operator was stopped")
        await self._act()
        return self.acting.running is None

    # the plan in hand

    def _busy(self) -> bool:
        return self.acting.running is not None

    async def _resume(self) -> None:
        """Take up a plan that is stored as begun: after a restart, or from a former leader."""
        for document in ledger.executing(self.desk.plans.values()):
            policy = self._policy(document.spec.policy) or _orphaned(document)
            try:
                self.acting.resume(document, policy)
            except InputError as error:
                await self.filing.mark(document, PlanPhase.ABORTED, str(error), self.clock())
                continue
            return

    async def _act(self) -> float:
        running = self.acting.running
        if running is None:
            return AGAIN_S
        name = running.plan.name
        if name not in self.desk.plans:
            self.acting.abort("its PackingPlan was deleted")
        policy = self._policy(running.plan.policy)
        if policy is None or policy.spec.mode is Mode.OBSERVE:
            self.acting.abort(f"policy {running.plan.policy!r} no longer lets it act")
        else:
            running.policy = policy
        turn = await self.acting.turn(self.look())
        if turn.verdict is None:
            return turn.wait_s
        memory = self.deciding.memory(running.plan.policy)
        memory.fingerprint = None
        memory.aborted = 0 if turn.verdict is Verdict.COMPLETED else memory.aborted + 1
        if memory.aborted > 1:
            pause_s = min(FIRST_BACKOFF_S * 2 ** (memory.aborted - 2), LONGEST_BACKOFF_S)
            memory.not_before = self.clock() + timedelta(seconds=pause_s)
        memory.wait_for(_evicted(running.plan, turn) if memory.aborted else (), self.clock())
        self.looking.over(running.plan, turn)
        return AGAIN_S

    async def _sweep(self) -> None:
        """Undo marks of plans that are over: a replacement may show up late."""
        self._swept_at = self.clock()
        for act in orphans(self.look(), self._live()):
            result = await self.hands.perform(act)
            metrics.ACTS.labels(type(act).__name__, result.status.value).inc()

    def _live(self) -> frozenset[str]:
        running = self.acting.running
        return frozenset() if running is None else frozenset({running.plan.name})

    # decisions

    async def _serve(self, policy: Policy, policies: tuple[Policy, ...]) -> float:
        """Decide under one policy if that is due, and begin what may begin."""
        now = self.clock()
        usage = ledger.usage_of(self.desk.plans.values(), policy.name, now)
        question = self.deciding.look(policy, policies, self.look(), usage, now)
        metrics.PENDING_PODS.labels(policy.name).set(len(question.batch.ripe))
        if question.due:
            await self._decide(policy, policies, question, usage)
        looked_at = await self.looking.turn(
            policy,
            policies,
            self.look(),
            question=question,
            memory=self.deciding.memory(policy.name),
            usage=usage,
            now=self.clock(),
            file=self._file,
        )
        await self._begin(policy)
        moments = [at for at in (question.at, looked_at) if at is not None]
        if not moments:
            return self.idle_s
        return max(0.0, (min(moments) - self.clock()).total_seconds())

    async def _decide(
        self, policy: Policy, policies: tuple[Policy, ...], question: Question, usage: Usage
    ) -> None:
        now, snapshot = self.clock(), self.look()
        decision = await self.deciding.decide(policy, policies, snapshot, usage, now)
        memory = self.deciding.memory(policy.name)
        ripe = frozenset(pod.uid for pod in question.batch.ripe)
        metrics.PENDING_SEEN.labels(policy.name).inc(len(ripe - memory.decided))
        tally.decision(policy.name, decision)
        if policy.spec.mode is not Mode.OBSERVE:
            self.announcer.say(map(of_unplaced, decision.plan.unplaced))
        await self._file(policy, decision.plan)
        memory.decided, memory.fingerprint = ripe, question.fingerprint

    async def _file(self, policy: Policy, plan: Plan) -> PackingPlan | None:
        """Store the decision unless it is stored already, or there is nothing to store.

        Return it if it is new.
        """
        now, mode = self.clock(), policy.spec.mode
        phase = PlanPhase.APPROVED if mode is Mode.ACT else PlanPhase.PROPOSED
        older = ledger.open_plans(self.desk.plans.values(), policy.name)
        if not plan.steps and (mode is not Mode.OBSERVE or not plan.unplaced):
            for each in older:
                await self.filing.mark(each, PlanPhase.STALE, "the cluster moved on", now)
            return None
        spec = spec_of(plan)
        for each in older:
            if ledger.written(each) and ledger.same_decision(each.spec, spec):
                await self._keep(each, phase, _WAITS_FOR[mode])
                return None
        return await self.filing.propose(plan, phase, _WAITS_FOR[mode], now)

    async def _keep(self, stored: PackingPlan, phase: PlanPhase, message: str) -> None:
        """Bring a plan that still is the decision to where the policy's present mode has it."""
        message = message.format(plan=ledger.name_of(stored))
        if (ledger.phase_of(stored), stored.status.message) != (phase, message):
            await self.filing.mark(stored, phase, message, self.clock())

    # beginning

    async def _begin(self, policy: Policy) -> None:
        """Begin the newest plan of the policy that may begin; mark those that no longer hold."""
        if policy.spec.mode is Mode.OBSERVE or not windows.is_open(
            policy.spec.windows, self.clock()
        ):
            return
        for stored in reversed(ledger.open_plans(self.desk.plans.values(), policy.name)):
            if self.acting.running is not None or not stored.spec.steps:
                return
            await self._begin_or_mark(stored, policy)

    async def _begin_or_mark(self, stored: PackingPlan, policy: Policy) -> None:
        now, snapshot = self.clock(), self.look()
        allowed = policy.spec.mode is Mode.ACT or ledger.approved(stored)
        try:
            plan = plan_of(stored)
        except InputError as error:
            await self.filing.mark(stored, PlanPhase.STALE, str(error), now)
            self.deciding.memory(policy.name).fingerprint = None
            return
        reason = _overtaken(plan, snapshot)
        verdict = Approval.REPLACE
        if not reason:
            usage = ledger.usage_of(self.desk.plans.values(), policy.name, now)
            verdict, reason = judge_approval(
                plan, snapshot, policy, now, approved=allowed, usage=usage
            )
        if verdict is Approval.BEGIN:
            await self.acting.begin(stored, policy)
        elif verdict is Approval.REPLACE:
            await self.filing.mark(stored, PlanPhase.STALE, reason, now)
            self.deciding.memory(policy.name).fingerprint = None

    # books

    async def _keep_books(self, policies: tuple[Policy, ...]) -> None:
        """Remove plans that were kept long enough, and bring the policies' status up to date."""
        now, plans = self.clock(), self.desk.plans
        self._booked_at = now
        keep = {
            each.name: timedelta(seconds=each.spec.finished_plan_ttl_seconds) for each in policies
        }
        daily = [each.name for each in policies if each.spec.limits.moves_per_day is not None]
        for name in ledger.expired(plans.values(), keep, now, daily=daily):
            await self.filing.remove(name)
        if any(each.spec.mode is not Mode.OBSERVE for each in policies):
            self.announcer.say(of_unusable(self.look()))
        shared = overlaps(policies, self.look()) if len(policies) > 1 else ()
        for seen in list(self.desk.policies.values()):
            usage = ledger.usage_of(plans.values(), seen.name, now)
            pending = 0
            if seen.policy is not None:
                pending = len(pending_of(seen.policy, policies, self.look(), now))
            facts = Facts(
                pending=pending,
                usage=usage,
                overlaps=shared,
                returns=self.looking.moved_back(seen),
                seen_shapes=self.looking.seen_shapes(seen),
                last_plan=ledger.last_plan(plans.values(), seen.name),
            )
            tally.use(seen.name, usage, None if seen.policy is None else seen.policy.spec.limits)
            await self.filing.report(seen, status_of(seen, facts, now))

    def _policy(self, name: str) -> Policy | None:
        seen = self.desk.policies.get(name)
        return None if seen is None else seen.policy


_WAITS_FOR = {
    Mode.OBSERVE: "the policy only observes; nothing is carried out",
    Mode.APPROVE: "approve it: kubectl annotate packingplan {plan} restow.dev/approved=true",
    Mode.ACT: "begins in its turn, while a maintenance window is open",
}


def _orphaned(document: PackingPlan) -> Policy:
    """Return a policy under which a plan whose own is gone can be cleaned up."""
    return Policy(name=document.spec.policy, spec=PackingPolicySpec(mode=Mode.OBSERVE))


def _evicted(plan: Plan, turn: Turn) -> tuple[PodRef, ...]:
    """Return the pods that a plan has evicted; a machine that did not migrate is where it was."""
    return tuple(
        step.pod
        for step, state in zip(plan.steps, turn.progress.steps, strict=True)
        if state.disturbed_at is not None and step.action is not Action.MIGRATE
    )


def _overtaken(plan: Plan, snapshot: Snapshot) -> str:
    """Return which pod to place got a node without the plan; empty for none."""
    for step in plan.steps:
        pod = snapshot.pod_by_uid(step.pod.key, step.pod.uid)
        if step.action is Action.PLACE and pod is not None and pod.node is not None:
            return f"{step.pod} has got node {pod.node} meanwhile"
    return ""
