"""TaintToleration: a node's hard taints need a toleration each.

Upstream: `plugins/tainttoleration/taint_toleration.go`,
"node(s) had untolerated taint(s)".
"""

from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.reasons import Reason, Refusal
from restow.rules.tolerations import tolerates

BLOCKING_EFFECTS: Final = frozenset({"NoSchedule", "NoExecute"})
"""Effects that keep a newcomer away; PreferNoSchedule is a score only."""


def refuse(pod: Pod, node: Node) -> Refusal | None:
    """Return the first hard taint of `node` that `pod` does not tolerate, or None."""
    for taint in node.taints:
        if taint.effect in BLOCKING_EFFECTS and not tolerates(pod.tolerations, taint):
            return Refusal(Reason.UNTOLERATED_TAINT, f"the pod does not tolerate taint {taint}")
    return None
