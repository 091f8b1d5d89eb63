import pytest

from restow.app.by_hand import plan_by_hand
from restow.app.worker import Worker
from restow.core.reasons import Reason
from restow.policies.coverage import Policy
from restow.policies.packing_policy import PackingPolicySpec, Scope
from restow.policies.selector import Selector
from tests.support.objects import NOW, a_node, a_pod, a_snapshot


def for_app(app: str) -> Policy:
    pods = Selector.model_validate({"matchLabels": {"app": app}})
    return Policy(name=app, spec=PackingPolicySpec(scope=Scope(pods=pods)))


def test_unschedulable_pods_that_no_policy_covers_are_listed_with_that_reason() -> None:
    snapshot = a_snapshot(
        [
            a_pod("nobody-s"),
            a_pod("of-another-policy", labels={"app": "web"}),
            a_pod("of-another-scheduler", scheduler_name="volcano"),
            a_pod("not-given-up", unschedulable_since=None),
            a_pod("runs", node="n"),
        ],
        [a_node("n")],
    )
    policies = (for_app("training"), for_app("web"))
    plan = plan_by_hand(
        snapshot, policies[0], policies, worker=Worker(), time_limit_s=None, now=NOW
    ).plan
    assert [(each.pod.key.name, each.reason) for each in plan.unplaced] == [
        ("nobody-s", Reason.NO_POLICY)
    ]


@pytest.mark.solver
def test_without_any_policy_the_default_one_covers_all() -> None:
    snapshot = a_snapshot([a_pod("p")], [a_node("n")])
    default = Policy(name="", spec=PackingPolicySpec())
    with Worker() as worker:
        plan = plan_by_hand(snapshot, default, (), worker=worker, time_limit_s=None, now=NOW).plan
    assert plan.unplaced == ()
    assert len(plan.placed) == 1
