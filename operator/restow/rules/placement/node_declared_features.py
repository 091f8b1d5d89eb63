"""NodeDeclaredFeatures: the kubelet must declare what the pod's spec needs of it.

Upstream: `plugins/nodedeclaredfeatures/nodedeclaredfeatures.go`.
"""

from functools import partial
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.rule import Prepared, Rule, Scope

UNDECLARED: Final = "node(s) didn't match Pod's required features"


def prepare(pod: Pod, _board: Board) -> Prepared | None:
    """Return what the nodes' features say; nothing to a pod that needs none."""
    return Prepared(refuse=partial(refuse, pod)) if pod.needed_features else None


def refuse(pod: Pod, node: Node) -> Refusal | None:
    """Return which features that `pod` needs `node` does not declare, or None."""
    missing = sorted(pod.needed_features - node.declared_features)
    if not missing:
        return None
    names = ", ".join(missing)
    return Refusal(Reason.NODE_FEATURE_MISSING, f"does not declare {names}", (UNDECLARED,))


RULE: Final = Rule(plugin="NodeDeclaredFeatures", scope=Scope.LOCAL, prepare=prepare)
