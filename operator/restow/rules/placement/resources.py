"""NodeResourcesFit: the requests must fit into what is free.

Upstream: `plugins/noderesources/fit.go: fitsRequest`, "Too many pods" and "Insufficient NAME". A
resource that is not requested is not looked at, so a node overfull in it still takes the pod.
An extended resource that a DeviceClass backs is left to the devices where no plugin of the node
has it.
"""

from dataclasses import replace
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.frozen import Amounts
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.devices import extended
from restow.rules.rule import Prepared, Rule, Scope


def prepare(pod: Pod, board: Board) -> Prepared:
    """Return what the room on each node says."""
    snapshot = board.snapshot
    backed = extended.backed(pod, snapshot)

    def judge(node: Node) -> Refusal | None:
        answer = refuse(pod, board.free(node.name))
        if answer is None or not backed:
            return answer
        others = Amounts(
            {
                name: amount
                for name, amount in pod.requests.items()
                if name not in backed or node.allocatable.of(name)
            }
        )
        return refuse(replace(pod, requests=others), board.free(node.name))

    return Prepared(refuse=judge)


def refuse(pod: Pod, free: Amounts) -> Refusal | None:
    """Return why `pod` does not fit into `free`, naming every resource that lacks, or None."""
    lacking = shortfall(pod.requests, free)
    if not lacking:
        return None
    facts = (_fact(name, pod.requests.of(name), free.of(name)) for name in lacking)
    return Refusal(
        Reason.INSUFFICIENT_RESOURCE, "; ".join(facts), tuple(_upstream(name) for name in lacking)
    )


def shortfall(requests: Amounts, free: Amounts) -> Amounts:
    """Return by how much `free` is too little, per resource; empty when the requests fit."""
    return requests.lacking(free)


def _fact(name: str, needed: int, free: int) -> str:
    unit = "m" if name == "cpu" else ""
    return f"{_upstream(name)}: {needed}{unit} needed, {max(0, free)}{unit} free"


def _upstream(name: str) -> str:
    return "Too many pods" if name == "pods" else f"Insufficient {name}"


RULE: Final = Rule(plugin="NodeResourcesFit", scope=Scope.LOAD, prepare=prepare)
