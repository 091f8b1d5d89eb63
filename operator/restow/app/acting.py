"""Carries one plan out, turn by turn; what it will do is always stored before it is done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from restow.app import ledger
from restow.app.announcement import Announcement, Tone, about_node, about_pod
from restow.app.announcer import Announcer
from restow.app.filing import Filing
from restow.app.phases import in_phase
from restow.app.ports import Chair, Hands
from restow.cluster.snapshot import Snapshot
from restow.planning.acts import Act, ActResult, ActStatus, Bind, Evict, Migrate, Nominate
from restow.planning.document import plan_of, progress_of, progress_status
from restow.planning.execution import Turn, advance, note
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import Ending, Progress, Settings, StepPhase, Verdict, begin
from restow.planning.recovery import resumed
from restow.policies.coverage import Policy
from restow.policies.packing_plan import PackingPlan, PlanPhase
from restow.telemetry import happenings, logs, metrics

_log = logs.logger("acting")
Clock = Callable[[], datetime]


@dataclass(slots=True, kw_only=True)
class Running:
    """The plan that is being carried out."""

    document: PackingPlan
    plan: Plan
    progress: Progress
    policy: Policy


class Acting:
    """At most one plan at a time.

    Parameters
    ----------
    chair
        Nothing is done unless it is held.
    limits
        Time limits of the execution.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, by name
        self,
        *,
        hands: Hands,
        filing: Filing,
        announcer: Announcer,
        chair: Chair,
        clock: Clock,
        limits: Settings,
    ) -> None:
        self._hands, self._filing, self._announcer = hands, filing, announcer
        self._chair, self._clock, self._limits = chair, clock, limits
        self.running: Running | None = None

    async def begin(self, document: PackingPlan, policy: Policy) -> None:
        """Begin to carry a stored plan out."""
        plan, now = plan_of(document), self._clock()
        running = Running(document=document, plan=plan, progress=begin(plan, now), policy=policy)
        await self._store(running, running.progress)
        self.running = running
        _log.info(
            happenings.PLAN_PHASE,
            plan=plan.name,
            policy=plan.policy,
            phase=PlanPhase.EXECUTING.value,
            moves=plan.solve.disturbed.moves,
            evictions=plan.solve.disturbed.evictions,
            places=len(plan.placed),
        )
        metrics.PLANS.labels(
            plan.trigger.value, plan.solve.outcome.value, PlanPhase.EXECUTING.value
        ).inc()
        self._announcer.say(_plan_on_nodes(plan))

    def resume(self, document: PackingPlan, policy: Policy) -> None:
        """Go on with a plan that a former leader began.

        Raises
        ------
        InputError
            When the stored plan cannot be read.
        """
        plan, stored = plan_of(document), progress_of(document)
        progress = begin(plan, self._clock()) if stored is None else resumed(stored)
        self.running = Running(document=document, plan=plan, progress=progress, policy=policy)
        _log.info(happenings.RECOVERED, plan=plan.name, wave=progress.wave)

    def abort(self, reason: str) -> None:
        """Let the running plan do nothing but clean up from now on."""
        running = self.running
        if running is not None and running.progress.ending is None:
            ending = Ending(verdict=Verdict.ABORTED, reason=reason, since=self._clock())
            running.progress = replace(running.progress, ending=ending)

    async def turn(self, snapshot: Snapshot) -> Turn:
        """Do the next acts of the running plan; it is over when the turn has a verdict.

        Raises
        ------
        ApiError
            When the plan's status could not be stored; nothing was done then.
        """
        running = self.running
        if running is None:
            raise RuntimeError("no plan is being carried out")
        turn = advance(
            running.plan,
            running.progress,
            snapshot,
            self._clock(),
            self._limits,
            policy=running.policy,
        )
        if turn.verdict is not None:
            await self._finish(running, turn)
            return turn
        await self._store(running, turn.progress)
        for act in turn.acts:
            if not self._chair.held:
                break
            result = await self._hands.perform(act)
            self._heard(running, act, result)
        await self._store(running, running.progress)
        return turn

    async def _store(self, running: Running, progress: Progress) -> None:
        """Store the progress unless it is the stored one."""
        begun = ledger.phase_of(running.document) is PlanPhase.EXECUTING
        told = progress_status(running.plan, progress)
        now = self._clock()
        message = _message(running.plan, progress)
        status = in_phase(
            told.model_copy(update={"conditions": running.document.status.conditions}),
            PlanPhase.EXECUTING,
            message,
            now,
        )
        if not begun or status != running.document.status:
            running.document = await self._filing.put(running.document, status)
        running.progress = progress

    async def _finish(self, running: Running, turn: Turn) -> None:
        done = turn.verdict is Verdict.COMPLETED
        phase = PlanPhase.COMPLETED if done else PlanPhase.ABORTED
        told = progress_status(running.plan, turn.progress, over=True)
        finished = running.document.model_copy(
            update={
                "status": told.model_copy(update={"conditions": running.document.status.conditions})
            }
        )
        message = turn.reason or _accomplished(turn.progress)
        await self._filing.mark(finished, phase, message, self._clock())
        self.running = None
        placed = sum(
            state.phase is StepPhase.DONE
            for step, state in zip(running.plan.steps, turn.progress.steps, strict=True)
            if step.action is Action.PLACE
        )
        metrics.PODS_PLACED.inc(placed)
        if not done:
            self._announcer.say(_aborted(running.plan, turn.progress, turn.reason))

    def _heard(self, running: Running, act: Act, result: ActResult) -> None:
        """Take the answer to an act in: into the progress, the log, the metrics and Events."""
        kind = type(act).__name__
        running.progress = note(running.plan, running.progress, act, result, self._clock())
        metrics.ACTS.labels(kind, result.status.value).inc()
        level = _log.info if result.status is ActStatus.DONE else _log.warning
        level(
            happenings.ACT,
            kind=kind,
            result=result.status.value,
            plan=running.plan.name,
            **_facts(act),
            **({"why": result.message} if result.message else {}),
        )
        if result.status is not ActStatus.DONE:
            return
        step = _step_of(running.plan, act)
        if isinstance(act, Evict | Migrate) and step is not None:
            moved = step.action is not Action.EVICT
            done = metrics.MOVES if moved else metrics.EVICTIONS
            done.labels(running.plan.trigger.value).inc()
        self._announcer.say(_told(running.plan, act, step))


def _facts(act: Act) -> dict[str, str]:
    facts = {}
    if (pod := getattr(act, "pod", None)) is not None:
        facts["pod"] = str(pod)
    if (node := getattr(act, "node", None)) is not None:
        facts["node"] = str(node)
    return facts


def _step_of(plan: Plan, act: Act) -> Step | None:
    pod = getattr(act, "pod", None)
    return next((step for step in plan.steps if step.pod == pod), None)


def _message(plan: Plan, progress: Progress) -> str:
    if progress.ending is not None:
        reason = progress.ending.reason
        return f"cleaning up: {reason}" if reason else "cleaning up"
    if progress.blocked_since is not None:
        return f"wave {progress.wave + 1} of {plan.waves} waits for disruption budgets"
    return f"wave {progress.wave + 1} of {plan.waves}"


def _accomplished(progress: Progress) -> str:
    """Return how many steps went as planned, and which pods ended elsewhere."""
    steps = progress.steps
    strayed = [state.message for state in steps if state.phase is StepPhase.STRAYED]
    if not strayed:
        return f"{len(steps)} steps done"
    return "; ".join([f"{len(steps) - len(strayed)} of {len(steps)} steps done", *strayed])


def _told(plan: Plan, act: Act, step: Step | None) -> Iterator[Announcement]:
    """Yield what is said on the pod after an act that worked."""
    match act:
        case Nominate():
            message = f"node {act.node} is held for the pod by plan {plan.name}"
            yield about_pod(act.pod, Tone.NORMAL, "Nominated", "Nominate", message)
        case Bind():
            message = f"bound to node {act.node} by plan {plan.name}"
            yield about_pod(act.pod, Tone.NORMAL, "Placed", "Bind", message)
        case Migrate() if step is not None:
            message = f"its virtual machine migrates to node {step.target} by plan {plan.name}"
            yield about_pod(act.pod, Tone.NORMAL, "Migrating", "Migrate", message)
        case Evict() if step is not None:
            going = (
                f"its replacement goes to node {step.target}"
                if step.target is not None
                else "there is no other place for it"
            )
            message = f"evicted by plan {plan.name}{_beneficiaries(plan)}: {going}"
            yield about_pod(act.pod, Tone.NORMAL, "Evicted", "Evict", message)
        case _:
            return


def _beneficiaries(plan: Plan) -> str:
    """Return for whom a plan is; nothing for one of rescheduling, which is for nobody yet."""
    if not plan.placed:
        return ""
    first, *others = plan.placed
    return f" for {first} and {len(others)} more" if others else f" for {first}"


def _plan_on_nodes(plan: Plan) -> Iterator[Announcement]:
    """Yield on each node who comes and who goes."""
    nodes = sorted({n for step in plan.steps for n in (step.source, step.target) if n})
    for node in nodes:
        leave = sum(step.source == node for step in plan.steps)
        come = sum(step.target == node for step in plan.steps)
        yield about_node(
            node,
            "Repacking",
            "Repack",
            f"plan {plan.name} takes {leave} pods away and brings {come}",
        )


def _aborted(plan: Plan, progress: Progress, reason: str) -> Iterator[Announcement]:
    """Yield on each pending pod that got no node why not."""
    for step, state in zip(plan.steps, progress.steps, strict=True):
        if step.action is Action.PLACE and state.phase is not StepPhase.DONE:
            message = f"plan {plan.name} was given up: {reason}"
            yield about_pod(step.pod, Tone.WARNING, "PlanAborted", "Place", message)
