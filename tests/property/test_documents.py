"""Plans and their progress survive being stored."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.core.reasons import Reason
from restow.packing.outcome import Status
from restow.planning.document import document, plan_of, progress_of, progress_status
from restow.planning.plan import (
    Action,
    Disturbed,
    Plan,
    Solve,
    Step,
    TierResult,
    Trigger,
    Unplaced,
)
from restow.planning.progress import Ending, Gate, Progress, StepPhase, StepProgress, Verdict
from restow.policies.packing_plan import PackingPlan
from tests.support.objects import NOW, an_owner

pytestmark = pytest.mark.property

names = st.text("abcdefghij-0", min_size=1, max_size=8)
texts = st.text(max_size=20)
counts = st.integers(0, 9)
times = st.integers(0, 10**10).map(lambda micro: NOW + timedelta(microseconds=micro))
maybe_times: st.SearchStrategy[datetime | None] = st.one_of(st.none(), times)
pods = st.builds(PodRef, st.builds(ObjectKey, names, names), names.map(Uid))
owners = st.one_of(st.none(), st.builds(an_owner, st.just("ReplicaSet"), names))


@st.composite
def steps(draw: st.DrawFn, wave: int) -> Step:
    action = draw(st.sampled_from(Action))
    return Step(
        wave=wave,
        action=action,
        pod=draw(pods),
        source=None if action is Action.PLACE else NodeName("from"),
        target=None if action is Action.EVICT else NodeName(draw(names)),
        owner=draw(owners),
        priority=draw(st.integers(-5, 10**9)),
        bindable=draw(st.booleans()),
        vmi=draw(names) if action is Action.MIGRATE else None,
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    waves = sorted(draw(st.lists(st.integers(0, 4), max_size=5)))
    tier = st.builds(
        TierResult,
        priority=st.integers(-5, 5),
        pods=counts,
        placed_before=counts,
        placed=counts,
        bound=counts,
        proven=st.booleans(),
    )
    disturbed = st.builds(
        Disturbed, moves=counts, evictions=counts, bound=counts, proven=st.booleans()
    )
    return Plan(
        name=draw(names),
        trigger=draw(st.sampled_from(Trigger)),
        policy=draw(names),
        snapshot_digest="sha256:" + "0" * 64,
        taken_at=draw(times),
        steps=tuple(draw(steps(wave)) for wave in waves),
        unplaced=tuple(
            draw(
                st.lists(
                    st.builds(
                        Unplaced,
                        pod=pods,
                        reason=st.sampled_from(Reason),
                        message=texts,
                        proven=st.booleans(),
                    ),
                    max_size=3,
                )
            )
        ),
        solve=Solve(
            outcome=draw(st.sampled_from(Status)),
            wall_s=draw(st.floats(0, 100)),
            engine=draw(texts),
            tiers=tuple(draw(st.lists(tier, max_size=3))),
            disturbed=draw(disturbed),
        ),
    )


@st.composite
def progresses(draw: st.DrawFn, plan: Plan) -> Progress:
    state = st.builds(
        StepProgress,
        phase=st.sampled_from(StepPhase),
        since=maybe_times,
        begun_at=maybe_times,
        disturbed_at=maybe_times,
        replacement=st.one_of(st.none(), pods),
        nominated_at=maybe_times,
        tried_at=maybe_times,
        room_since=maybe_times,
        message=texts,
    )
    ending = st.builds(Ending, verdict=st.sampled_from(Verdict), reason=texts, since=times)
    return Progress(
        started_at=draw(times),
        wave=draw(counts),
        wave_since=draw(times),
        evicting_since=draw(maybe_times),
        gate=draw(st.sampled_from(Gate)),
        gate_since=draw(maybe_times),
        gate_tried_at=draw(maybe_times),
        blocked_since=draw(maybe_times),
        steps=tuple(draw(state) for _ in plan.steps),
        ending=draw(st.one_of(st.none(), ending)),
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_plan_and_progress_survive_being_stored_as_json(data: st.DataObject) -> None:
    plan = data.draw(plans())
    progress = data.draw(progresses(plan))
    body = document(plan, progress_status(plan, progress)).model_dump_json(by_alias=True)
    stored = PackingPlan.model_validate_json(body)
    assert plan_of(stored) == plan
    assert progress_of(stored) == progress
