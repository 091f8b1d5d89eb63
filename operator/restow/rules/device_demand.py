"""What planning asks of devices: which pods want them, how many fit, who competes."""

from collections.abc import Callable, Hashable
from dataclasses import replace

from restow.cluster.devices import ResourceClaim
from restow.cluster.objects import Node, Pod
from restow.cluster.pod_devices import PodClaim
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.devices import footprint
from restow.rules.devices.demand import Demand, has_claims
from restow.rules.devices.ledger import Ledger, keys

__all__ = ["copies", "expected", "has_claims", "pinned", "serving", "shares"]


def copies(pod: Pod, node: Node, board: Board, most: int) -> int:
    """Return how many such pods the free devices of `node` serve, at most `most`.

    They come one after another and each takes what kube-scheduler's allocator would give it. Claims
    made for the pod alone are made anew for each; a claim that it names they all share. The pod
    itself may sit on the board; it is not counted. A pod without claims needs none: `most`.
    """
    if not has_claims(pod, board.snapshot):
        return most
    ledger = board.devices.copy()
    ledger.renew(pod)
    for count in range(most):
        demand = Demand.of(pod, ledger)
        if not isinstance(demand, Demand):
            return count if demand is not None else most
        granted = demand.on(node)
        if isinstance(granted, Refusal):
            return count
        if not granted:
            return most
        for claim, allocation in granted:
            if claim.owner == pod.uid:
                ledger.hold(allocation)
            else:
                ledger.allocate(claim, allocation, pod)
    return most


def serving(pod: Pod, snapshot: Snapshot) -> Callable[[Node], bool]:
    """Return whether a node could serve the pod if no claim held anything: true when in doubt.

    What it says no to, no plan can help. Pods that ask alike are answered from memory.
    """
    if not has_claims(pod, snapshot):
        return lambda _: True
    demand = Demand.of(pod, Ledger.empty(snapshot))
    if not isinstance(demand, Demand):
        return lambda _: demand is None
    known = snapshot.derived(_served).setdefault(demand.asked, {})

    def serves(node: Node) -> bool:
        if node.name not in known:
            answer = demand.on(node)
            known[node.name] = not isinstance(answer, Refusal) or not answer.upstream
        return known[node.name]

    return serves


def _served(_: Snapshot) -> dict[Hashable, dict[NodeName, bool]]:
    return {}


def shares(pod: Pod, other: Pod, snapshot: Snapshot) -> bool:
    """Return whether the two pods may compete for devices, on some node; true when in doubt.

    They do when they name the same claim, when a device is selected by both, or when devices of
    theirs draw on the same counters.
    """
    if set(keys(pod)) & set(keys(other)):
        return True
    mine = footprint.of(pod, snapshot)
    return not mine.isdisjoint(footprint.of(other, snapshot))


def expected(pod: Pod, snapshot: Snapshot) -> Pod:
    """Return the pod as it will be when the claims of its templates are there.

    For a pod that stands for one which has not come yet, or whose claims have not been made: its
    siblings of the same controller have claims of the same templates. A claim that no sibling has
    either is left out: it is judged as soon as it is there.
    """
    if all(_is_made(pod, each, snapshot) for each in pod.claims):
        return pod
    siblings = () if pod.owner is None else snapshot.pods_by_owner.get(pod.owner.uid, ())
    made = {
        each.name: replace(each, alike=True)
        for sibling in (*siblings, pod)
        for each in sibling.claims
        if each.generated and _claim(sibling, each, snapshot) is not None
    }
    claims = tuple(
        each
        if _is_made(pod, each, snapshot)
        else made.get(each.name, PodClaim(name=each.name, generated=True))
        for each in pod.claims
    )
    return replace(pod, claims=claims)


def _is_made(pod: Pod, entry: PodClaim, snapshot: Snapshot) -> bool:
    if not entry.generated or (entry.claim is None and not entry.pending):
        return True
    claim = _claim(pod, entry, snapshot)
    return claim is not None and claim.owner == pod.uid


def _claim(pod: Pod, entry: PodClaim, snapshot: Snapshot) -> ResourceClaim | None:
    if entry.claim is None:
        return None
    return snapshot.resource_claims.get(ObjectKey(pod.key.namespace, entry.claim))


def pinned(pod: Pod, snapshot: Snapshot) -> Refusal | None:
    """Return why devices tie the running pod to where it is, or None.

    A claim that was made for the pod goes with it, and its replacement gets one of its own. One
    that it names stays allocated while another pod has it reserved, and then holds the replacement
    to the nodes of that allocation.
    """
    for key in keys(pod):
        claim = snapshot.resource_claims.get(key)
        if claim is None or claim.owner == pod.uid or claim.allocation is None:
            continue
        if claim.allocation.nodes is not None and claim.reserved_for - {pod.uid}:
            return Refusal(
                Reason.RESOURCE_CLAIM_PINNED,
                f"its claim {claim.key.name} is allocated for its node, and others use it as well",
            )
    return None
