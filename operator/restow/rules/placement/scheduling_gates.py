"""SchedulingGates: a pod with gates is not looked at.

Upstream: `plugins/schedulinggates/scheduling_gates.go`, a PreEnqueue plugin: it stands before the
queue and says nothing of nodes, so it is none of `rules.registry.RULES`. restow plans for pods that
its own gate holds.
"""

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return by which gates the pod is held back, or None."""
    if not pod.gates:
        return None
    return Refusal(
        Reason.GATED,
        f"the pod waits for scheduling gates: {', '.join(pod.gates)}",
        (f"waiting for scheduling gates: [{' '.join(pod.gates)}]",),
    )
