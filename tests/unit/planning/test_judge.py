"""Whose pod it is when policies overlap, and what keeps it where it is."""

import pytest

from restow.core.reasons import Reason
from restow.planning.judge import Judge
from restow.policies.coverage import governing
from restow.policies.packing_policy import Scope
from restow.policies.selector import Selector
from tests.support.decisions import a_policy
from tests.support.objects import NOW, a_node, a_pod, a_snapshot


@pytest.mark.parametrize("labels", [{"team": "a"}, {}])
def test_the_policy_that_governs_a_pod_and_no_other_has_it(labels: dict[str, str]) -> None:
    pod = a_pod("p", labels=labels)
    snapshot = a_snapshot([pod])
    everyone = a_policy("default")
    team = a_policy("team", scope=Scope(pods=Selector(match_labels={"team": "a"})))
    policies = (everyone, team)
    ours = [
        policy.name
        for policy in policies
        if Judge(
            snapshot=snapshot,
            policy=policy,
            now=NOW,
            others=tuple(each for each in policies if each is not policy),
        ).not_covered(pod)
        is None
    ]
    governs = governing(policies, pod, snapshot.namespaces)
    assert governs is not None
    assert ours == [governs.name]


def test_every_reason_to_stay_is_told_and_the_first_one_decides() -> None:
    node = a_node("n", ready=False)
    pod = a_pod("p", node="n", annotations={"restow.dev/movable": "false"})
    judge = Judge(snapshot=a_snapshot([pod], [node]), policy=a_policy(), now=NOW)
    told = list(judge.reasons_to_stay(pod))
    assert [no.reason for no in told] == [
        Reason.NODE_LEAVING,
        Reason.OPTED_OUT,
        Reason.NO_CONTROLLER,
    ]
    assert judge.why_fixed(pod) == told[0]
