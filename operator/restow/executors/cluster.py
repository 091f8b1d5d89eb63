"""Carries out acts on a live cluster."""

import asyncio
import time
from typing import Final

from kubernetes.aio.client import ApiClient

from restow.cluster.objects import OwnerRef
from restow.core.ids import ObjectKey, Uid
from restow.executors import answers, gate, migrations, placeholders, pods
from restow.executors.calls import Caller
from restow.planning.acts import (
    Act,
    ActResult,
    ActStatus,
    Arm,
    Bind,
    CancelMigration,
    Disarm,
    Evict,
    Migrate,
    Nominate,
    ProveGate,
    Release,
    Reserve,
    Unreserve,
    Withdraw,
)

_PROOF_S: Final = 3.0
"""How long a gate may take to come into force: the API server learns of it by a watch."""
_PROOF_EVERY_S: Final = 0.05


class ClusterExecutor:
    """Performs acts; every answer is a value, and none is tried again but the proof of the gate.

    Parameters
    ----------
    api
        Client; it stays the caller's to close.
    namespace
        restow's own namespace, where the gate's parameter lives.
    pod_name, pod_uid
        The operator's own pod, None outside a cluster; it owns the gate's parameter.
    """

    def __init__(
        self,
        api: ApiClient,
        *,
        namespace: str,
        pod_name: str | None = None,
        pod_uid: str | None = None,
    ) -> None:
        self._caller = Caller(api)
        self._namespace = namespace
        self._own_pod = (pod_name, Uid(pod_uid)) if pod_name and pod_uid else None

    async def perform(self, act: Act) -> ActResult:
        """Do it, and return how the API server answered; doing it twice is doing it once."""
        match act:
            case Arm():
                call = gate.arm(self._namespace, act.plan, act.owners, self._own_pod)
                return answers.result(await self._caller.send(call))
            case Disarm():
                call = gate.disarm(self._namespace)
                return answers.removal(await self._caller.send(call))
            case ProveGate():
                return await self._prove(act)
            case Reserve() | Unreserve():
                return await self._hold(act)
            case Migrate() | CancelMigration():
                return await self._on_machine(act)
            case _:
                return await self._on_pod(act)

    async def _on_pod(self, act: Nominate | Withdraw | Release | Evict | Bind) -> ActResult:
        match act:
            case Nominate():
                call = pods.nominate(act.pod, act.node, act.plan)
                return answers.result(await self._caller.send(call))
            case Withdraw():
                return answers.result(await self._caller.send(pods.withdraw(act.pod)))
            case Release():
                return answers.result(await self._caller.send(pods.release(act.pod)))
            case Evict():
                call = pods.evict(act.pod, act.resource_version)
                return answers.eviction(await self._caller.send(call))
            case Bind():
                call = pods.bind(act.pod, act.node)
                return answers.binding(await self._caller.send(call), act.node)

    async def _on_machine(self, act: Migrate | CancelMigration) -> ActResult:
        """Ask for a migration, or call it off; one whose target is dropped is taken back."""
        if isinstance(act, CancelMigration):
            call = migrations.delete(act.migration, act.uid)
            return answers.removal(await self._caller.send(call))
        answer = await self._caller.send(migrations.create(act))
        uid = migrations.strayed(answer, act)
        if uid is None:
            return answers.creation(answer)
        key = ObjectKey(act.pod.key.namespace, act.name)
        await self._caller.send(migrations.delete(key, uid))
        return ActResult(
            status=ActStatus.REFUSED,
            message="this KubeVirt does not know spec.addedNodeSelector of a migration",
        )

    async def _hold(self, act: Reserve | Unreserve) -> ActResult:
        """Create the placeholder unless it is there, and nominate it; or delete it."""
        if isinstance(act, Unreserve):
            return answers.removal(await self._caller.send(placeholders.delete(act.pod)))
        place, plan = self._namespace, act.plan
        call = placeholders.create(place, plan, act.placeholder, act.priority_class, self._own_pod)
        answer = await self._caller.send(call)
        if not answer.ok and answer.status != 409:
            return answers.result(answer)
        return answers.result(
            await self._caller.send(placeholders.nominate(place, plan, act.placeholder))
        )

    async def _prove(self, act: ProveGate) -> ActResult:
        """Prove the gate for every owner; the first that fails decides."""
        deadline = time.monotonic() + _PROOF_S
        results = await asyncio.gather(
            *(self._prove_for(owner, act.plan, deadline) for owner in act.owners)
        )
        failed = (each for each in results if each.status is not ActStatus.DONE)
        return next(failed, ActResult(status=ActStatus.DONE))

    async def _prove_for(self, owner: OwnerRef, plan: str, deadline: float) -> ActResult:
        wait_s = _PROOF_EVERY_S
        while True:
            answer = await self._caller.send(gate.proof(self._namespace, owner))
            if not answer.ok:
                return answers.result(answer)
            missing = gate.missing(answer, plan)
            if missing is None:
                return ActResult(status=ActStatus.DONE)
            if time.monotonic() + wait_s > deadline:
                return ActResult(
                    status=ActStatus.UNAVAILABLE,
                    message=f"no gate in force for {owner.kind} {owner.name}: {missing}",
                )
            await asyncio.sleep(wait_s)
            wait_s *= 2
