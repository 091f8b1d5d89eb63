"""TaintToleration: a node's hard taints need a toleration each.

Upstream: `plugins/tainttoleration/taint_toleration.go`,
"node(s) had untolerated taint(s)".
"""

from functools import partial
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.rule import Prepared, Rule, Scope
from restow.rules.tolerations import untolerated

UNTOLERATED: Final = "node(s) had untolerated taint(s)"


def prepare(pod: Pod, _board: Board) -> Prepared:
    """Return what taints say."""
    return Prepared(refuse=partial(refuse, pod))


def refuse(pod: Pod, node: Node) -> Refusal | None:
    """Return the first hard taint of `node` that `pod` does not tolerate, or None."""
    taint = untolerated(pod, node)
    if taint is None:
        return None
    message = f"the pod does not tolerate taint {taint}"
    return Refusal(Reason.UNTOLERATED_TAINT, message, (UNTOLERATED,))


RULE: Final = Rule(plugin="TaintToleration", scope=Scope.LOCAL, prepare=prepare)
