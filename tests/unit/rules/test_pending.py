from datetime import timedelta

import pytest

from restow.cluster.objects import Pod
from restow.core.reasons import Reason
from restow.rules.pending import why_not_pending
from tests.support.objects import NOW, a_pod


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        (a_pod(), None),
        (a_pod(scheduler_name="mine"), None),
        (a_pod(unschedulable_since=NOW - timedelta(seconds=30)), None),
        (a_pod(unschedulable_since=NOW - timedelta(seconds=29.5)), Reason.IN_GRACE),
        (a_pod(unschedulable_since=None), Reason.NOT_UNSCHEDULABLE),
        (a_pod(node="n"), Reason.NOT_UNSCHEDULABLE),
        (a_pod(deleting=True), Reason.ALREADY_LEAVING),
        (a_pod(gates=("kueue.x-k8s.io/admission",)), Reason.GATED),
        (a_pod(scheduler_name="volcano"), Reason.FOREIGN_SCHEDULER),
        (a_pod(nominated_node="n"), None),
    ],
)
def test_pending_work_is_what_kube_scheduler_has_given_up_on(
    pod: Pod, reason: Reason | None
) -> None:
    refusal = why_not_pending(
        pod, scheduler_names=("default-scheduler", "mine"), grace_s=30, now=NOW
    )
    assert (refusal.reason if refusal is not None else None) is reason
