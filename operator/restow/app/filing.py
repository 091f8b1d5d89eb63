"""Writes restow's own objects, and keeps the desk equal to what was written."""

from datetime import datetime

from pydantic import BaseModel

from restow.app import ledger
from restow.app.desk import Desk, SeenPolicy, read_plan, read_policy
from restow.app.phases import in_phase
from restow.app.ports import Body, Documents
from restow.core.errors import InputError
from restow.planning.document import document
from restow.planning.plan import Plan
from restow.policies.packing_plan import PackingPlan, PackingPlanStatus, PlanPhase
from restow.policies.packing_policy import PackingPolicyStatus
from restow.telemetry import happenings, logs, metrics

_log = logs.logger("plans")


def as_body(model: BaseModel) -> Body:
    """Return the model as the API server takes it; what is None is left out."""
    body: Body = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return body


class Filing:
    """Every method raises ApiError when the API server says no."""

    def __init__(self, documents: Documents, desk: Desk) -> None:
        self._documents = documents
        self._desk = desk

    async def read_all(self) -> None:
        """Put all policies and plans of the cluster on the desk."""
        for body in await self._documents.list_policies():
            self._desk.put_policy(read_policy(body))
        for body in await self._documents.list_plans():
            try:
                self._desk.put_plan(read_plan(body))
            except InputError as error:
                _log.warning(happenings.PLAN_REFUSED, why=str(error))

    async def propose(
        self, plan: Plan, phase: PlanPhase, message: str, now: datetime
    ) -> PackingPlan:
        """Store a new plan; older plans of the policy that were not begun are superseded.

        `{plan}` in the message becomes the name under which the plan is stored.
        """
        fresh = document(plan)
        name = ledger.free_name(self._desk.plans, plan.name)
        fresh = fresh.model_copy(
            update={
                "metadata": {"name": name},
                "status": in_phase(fresh.status, phase, message.format(plan=name), now),
            }
        )
        stored = read_plan(await self._documents.create_plan(as_body(fresh)))
        self._desk.put_plan(stored)
        _log.info(happenings.PLAN_STORED, plan=name, policy=plan.policy, phase=phase.value)
        _count(stored, phase)
        for older in ledger.open_plans(self._desk.plans.values(), plan.policy):
            if ledger.name_of(older) != name:
                await self.mark(older, PlanPhase.SUPERSEDED, f"{name} took its place", now)
        return stored

    async def mark(
        self, plan: PackingPlan, phase: PlanPhase, message: str, now: datetime
    ) -> PackingPlan:
        """Bring a plan into another phase; return it as stored."""
        changed = ledger.phase_of(plan) is not phase
        stored = await self.put(plan, in_phase(plan.status, phase, message, now))
        if changed:
            _log.info(
                happenings.PLAN_PHASE, plan=ledger.name_of(plan), phase=phase.value, why=message
            )
            _count(plan, phase)
        return stored

    async def put(self, plan: PackingPlan, status: PackingPlanStatus) -> PackingPlan:
        """Store the plan's status; return the plan as stored. A plan that is gone stays gone."""
        name = ledger.name_of(plan)
        body = await self._documents.patch_plan_status(name, as_body(status))
        if body is None:
            self._desk.drop_plan(name)
            return plan.model_copy(update={"status": status})
        stored = read_plan(body)
        self._desk.put_plan(stored)
        return stored

    async def remove(self, name: str) -> None:
        """Delete a plan that was kept long enough."""
        await self._documents.delete_plan(name)
        self._desk.drop_plan(name)
        _log.info(happenings.PLAN_REMOVED, plan=name)

    async def report(self, seen: SeenPolicy, status: PackingPolicyStatus) -> None:
        """Store a policy's status unless it says so already."""
        if status == seen.status:
            return
        body = await self._documents.patch_policy_status(seen.name, as_body(status))
        if body is not None:
            self._desk.put_policy(read_policy(body))


def _count(plan: PackingPlan, phase: PlanPhase) -> None:
    solve = plan.status.solve
    outcome = "Unknown" if solve is None else solve.outcome.value
    metrics.PLANS.labels(plan.spec.trigger.value, outcome, phase.value).inc()
