"""When a policy's pending pods are decided upon, and the decision itself."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from restow.app.batching import Batch, gather
from restow.app.collecting import uncollected
from restow.app.worker import Worker
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import PodRef, Uid
from restow.explain.unplaced import unplaced
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.planning.answering import Solver
from restow.planning.decide import Decision, decide
from restow.planning.formulation import Usage
from restow.planning.recall import Recall
from restow.planning.relevance import fingerprint
from restow.policies.coverage import Policy, governing
from restow.rules.pending import why_not_pending

CAP = 1.05
"""How many times its budget the solver's process may take before it is killed. The solver keeps
its own budget, a busy machine stretches it. What it told is checked by then but for the last; what
is left up to 1.1 is for that, and for the kill."""

RELEVANCE_EVERY = timedelta(seconds=1)
"""Pause between two looks for relevant changes: a look reads every pod of the policy's nodes."""
LOOKING = 10
"""The pause is at least so many times as long as a look takes: seconds on thousands of nodes."""
LEAVING = timedelta(seconds=60)
"""Longest wait for pods that an aborted plan evicted; most grace periods are 30 s."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Memory:
    """What was decided last under one policy.

    Parameters
    ----------
    decided
        The pods that it was about.
    fingerprint
        Of everything that could change the decision; None to decide again in any case.
    looked_at, pause
        When the fingerprint was last taken, and how long none is taken after it.
    not_before
        Earliest time of the next decision, after a plan that had to be aborted.
    aborted
        Number of plans aborted in a row.
    recall
        The last formulation, for as long as it holds.
    leaving
        Pods that an aborted plan had evicted. While they end, their room is about to become free:
        a decision that does without it would disturb more than is needed.
    leaving_until
        From then on those of them that are still there count as staying.
    """

    decided: frozenset[Uid] = frozenset()
    fingerprint: str | None = None
    looked_at: datetime = LONG_AGO
    pause: timedelta = RELEVANCE_EVERY
    not_before: datetime | None = None
    aborted: int = 0
    recall: Recall = field(default_factory=Recall)
    leaving: tuple[PodRef, ...] = ()
    leaving_until: datetime = LONG_AGO

    def wait_for(self, evicted: tuple[PodRef, ...], now: datetime) -> None:
        """Let the next decision wait until the pods that an aborted plan evicted are gone."""
        self.leaving, self.leaving_until = evicted, now + LEAVING

    def rest(self, snapshot: Snapshot, now: datetime) -> datetime | None:
        """Return until when, at the longest, no decision is to be made; None when one may be."""
        if self.not_before is not None and self.not_before > now:
            return self.not_before
        ending = any(snapshot.pod_by_uid(pod.key, pod.uid) for pod in self.leaving)
        return self.leaving_until if ending and self.leaving_until > now else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a policy's pending pods are at the moment.

    Parameters
    ----------
    due
        Whether to decide now.
    at
        When it may become due without any change of the cluster; None for never.
    fingerprint
        Of what decides; empty unless it was needed.
    """

    batch: Batch
    due: bool
    at: datetime | None
    fingerprint: str = ""


class Deciding:
    """Asks for decisions when they are due; remembers what was decided, policy by policy."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._memories: dict[str, Memory] = {}

    def memory(self, policy: str) -> Memory:
        """Return what was decided last under the policy."""
        return self._memories.setdefault(policy, Memory())

    def forget(self, kept: Iterable[str]) -> frozenset[str]:
        """Forget the policies that are not among `kept`; return which those were."""
        gone = frozenset(set(self._memories) - set(kept))
        for name in gone:
            del self._memories[name]
        return gone

    def look(
        self,
        policy: Policy,
        policies: tuple[Policy, ...],
        snapshot: Snapshot,
        usage: Usage,
        now: datetime,
    ) -> Question:
        """Return whether a decision is due under the policy."""
        memory = self.memory(policy.name)
        batch = gather(
            pending_of(policy, policies, snapshot, now),
            decided=memory.decided,
            grace=timedelta(seconds=policy.spec.grace_seconds),
            window=timedelta(seconds=policy.spec.batch_window_seconds),
            now=now,
        )
        fresh = batch.fresh and batch.opens_at is not None and batch.opens_at <= now
        at = batch.opens_at
        if not fresh and memory.decided and memory.looked_at + memory.pause > now:
            known_at = memory.looked_at + memory.pause
            return Question(batch=batch, due=False, at=min(at or known_at, known_at))
        if not fresh and not memory.decided:
            return Question(batch=batch, due=False, at=at)
        memory.looked_at = now
        began = time.monotonic()
        mark = fingerprint(snapshot, policy, now, usage=usage)
        took = timedelta(seconds=time.monotonic() - began)
        memory.pause = max(RELEVANCE_EVERY, LOOKING * took)
        due = fresh or mark != memory.fingerprint
        rest = memory.rest(snapshot, now)
        if due and rest is not None:
            due, at = False, rest
        return Question(batch=batch, due=due, at=at, fingerprint=mark)

    async def decide(
        self,
        policy: Policy,
        policies: tuple[Policy, ...],
        snapshot: Snapshot,
        usage: Usage,
        now: datetime,
    ) -> Decision:
        """Return the decision; the event loop goes on turning meanwhile."""
        return await asyncio.to_thread(
            uncollected()(decide),
            snapshot,
            policy,
            self._solver,
            now,
            explainer=unplaced,
            usage=usage,
            others=tuple(each for each in policies if each.name != policy.name),
            recall=self.memory(policy.name).recall,
        )


def solver_of(worker: Worker, *, deterministic: bool = False, from_warm: bool = False) -> Solver:
    """Return the worker as a solver: its child is killed when it overruns the budget.

    Parameters
    ----------
    deterministic
        The budget is an amount of work, and nobody looks at a clock.
    from_warm
        The time begins when the child has started, not with the question.
    """

    def solve(problem: Problem, budget_s: float) -> Outcome:
        if from_warm:
            worker.wait_warm()
        cap_s = None if deterministic else CAP * budget_s
        return worker.solve(problem, budget_s=budget_s, cap_s=cap_s, deterministic=deterministic)

    return solve


def pending_of(
    policy: Policy, policies: tuple[Policy, ...], snapshot: Snapshot, now: datetime
) -> tuple[Pod, ...]:
    """Return the pods that kube-scheduler gave up on and that the policy governs."""
    names = policy.spec.scope.scheduler_names
    return tuple(
        pod
        for pod in snapshot.unbound
        if why_not_pending(pod, scheduler_names=names, grace_s=0, now=now) is None
        and governing(policies, pod, snapshot.namespaces) == policy
    )
