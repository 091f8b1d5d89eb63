from typing import Any

from restow.app.desk import Desk, read_plan, read_policy
from restow.app.filing import as_body
from restow.planning.document import document
from tests.support.objects import a_pod
from tests.support.plans import a_place, a_plan


def a_policy_body(version: int, *, generation: int = 1, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "p", "generation": generation, "resourceVersion": str(version)},
        "spec": {"mode": "Act", **spec},
    }


def a_plan_body(version: int, *, approved: str | None = None) -> dict[str, Any]:
    body = dict(as_body(document(a_plan(a_place(a_pod("big"), "n1")))))
    annotations = {} if approved is None else {"restow.dev/approved": approved}
    body["metadata"] = {
        "name": "plan-1",
        "resourceVersion": str(version),
        "annotations": annotations,
    }
    return body


async def test_the_newer_version_wins_whoever_brings_it() -> None:
    desk = Desk()
    desk.put_policy(read_policy(a_policy_body(9, generation=2, graceSeconds=7)))
    desk.put_policy(read_policy(a_policy_body(5, graceSeconds=3)))
    (policy,) = desk.usable()
    assert policy.spec.grace_seconds == 7


async def test_only_what_matters_wakes_the_loop() -> None:
    desk = Desk()

    def woken() -> bool:
        was = desk.changed.is_set()
        desk.changed.clear()
        return was

    desk.put_policy(read_policy(a_policy_body(1)))
    assert woken()
    desk.put_policy(read_policy(a_policy_body(2)))  # our own status came back
    assert not woken()
    desk.put_policy(read_policy(a_policy_body(3, generation=2, graceSeconds=1)))
    assert woken()
    desk.put_plan(read_plan(a_plan_body(4)))
    assert woken()
    desk.put_plan(read_plan(a_plan_body(5)))
    assert not woken()
    desk.put_plan(read_plan(a_plan_body(6, approved="true")))
    assert woken()
    desk.drop_plan("plan-1")
    assert woken()
    desk.drop_plan("plan-1")
    assert not woken()


async def test_a_policy_that_cannot_be_used_is_kept_with_its_mistakes() -> None:
    desk = Desk()
    desk.put_policy(read_policy(a_policy_body(1, graceSeconds=-1, colour="red")))
    seen = desk.policies["p"]
    assert seen.policy is None
    assert {mistake.field for mistake in seen.mistakes} == {"spec.graceSeconds", "spec.colour"}
    assert desk.usable() == ()
