"""NodeResourcesFit: the requests must fit into what is free.

Upstream: `plugins/noderesources/fit.go: fitsRequest`, "Too many pods" and "Insufficient NAME". A
resource that is not requested is not looked at, so a node overfull in it still takes the pod.
Extended resources that a DeviceClass maps to DRA count as absent from the node: restow does not
place pods on them, kube-scheduler may.
"""

from restow.cluster.objects import Pod
from restow.core.frozen import Amounts
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod, free: Amounts) -> Refusal | None:
    """Return why `pod` does not fit into `free`, naming every resource that lacks, or None."""
    lacking = shortfall(pod.requests, free)
    if not lacking:
        return None
    facts = (_fact(name, pod.requests.of(name), free.of(name)) for name in lacking)
    return Refusal(Reason.INSUFFICIENT_RESOURCE, "; ".join(facts))


def shortfall(requests: Amounts, free: Amounts) -> Amounts:
    """Return by how much `free` is too little, per resource; empty when the requests fit."""
    return requests.lacking(free)


def _fact(name: str, needed: int, free: int) -> str:
    upstream = "Too many pods" if name == "pods" else f"Insufficient {name}"
    unit = "m" if name == "cpu" else ""
    return f"{upstream}: {needed}{unit} needed, {max(0, free)}{unit} free"
