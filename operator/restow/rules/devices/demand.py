"""What a pod's claims ask for, and what they get on a node: PreFilter and Filter of devices.

Source: `plugins/dynamicresources/dynamicresources.go: PreFilter, Filter`.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from restow.cluster.devices import Allocation, ResourceClaim
from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey, Uid
from restow.core.reasons import Reason, Refusal
from restow.rules.devices import extended
from restow.rules.devices.allocator import HereOnlyError, allocate
from restow.rules.devices.classes import classes_by_resource
from restow.rules.devices.ledger import SPECIAL, Ledger
from restow.rules.devices.pools import DeviceId
from restow.rules.devices.stock import Stock
from restow.rules.devices.wants import AbortError, UnknownError, wishes
from restow.rules.node_selection import takes

BINDING_TIMEOUT: Final = timedelta(seconds=600)
"""`bindingTimeout` of the plugin's arguments, by default."""

MOST_PODS: Final = 256
"""For which one claim may be reserved (`ResourceClaimReservedForMaxSize`)."""

UNAVAILABLE: Final = "resourceclaim not available on the node"
TOO_FEW: Final = "cannot allocate all claims"
UNMAPPED: Final = 'running PreBind plugin "DynamicResources": nil or empty request mappings'
MIXED: Final = (
    "a device plugin has the pod's extended resources there, and beside a resource claim "
    "kube-scheduler 1.37 fails to bind such a pod"
)
"""`extendeddynamicresources.go: patchPodExtendedResourceClaimStatus`: it looks for the requests it
made of the extended resources, and a plugin left it none to make."""

LEFT_OVER: Final = "cannot schedule extended resource claim"

Granted = tuple[tuple[ResourceClaim, Allocation], ...]
"""What a node gives to the claims that have nothing yet."""


def has_claims(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether kube-scheduler may have to allocate devices for the pod, or has.

    By `spec.resourceClaims`, or by an extended resource that a DeviceClass backs.
    """
    return bool(pod.claims) or bool(extended.backed(pod, snapshot))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """The claims of a pod on a ledger, as they were when it was made.

    Parameters
    ----------
    allocated, waiting
        Claims that the pod names, or that were made from templates for it.
    special
        The claim for extended resources, None without any.
    """

    pod: Pod
    allocated: tuple[ResourceClaim, ...]
    waiting: tuple[ResourceClaim, ...]
    special: ResourceClaim | None
    snapshot: Snapshot
    stock: Stock

    @classmethod
    def of(cls, pod: Pod, ledger: Ledger) -> Self | Refusal | None:
        """Return what the pod asks for; None when it asks for nothing, a Refusal of all nodes."""
        claims: list[ResourceClaim] = []
        for found in _claims(pod, ledger):
            if isinstance(found, Refusal):
                return found
            claims.append(found)
        special = _special(pod, ledger)
        if not claims and special is None:
            return None
        waiting = tuple(each for each in claims if each.allocation is None)
        for each in waiting:
            no = _classless(each, ledger.snapshot)
            if no is not None:
                return no
        return cls(
            pod=pod,
            allocated=tuple(each for each in claims if each.allocation is not None),
            waiting=waiting,
            special=special,
            snapshot=ledger.snapshot,
            stock=ledger.stock(),
        )

    @property
    def asked(self) -> Hashable:
        """What decides about nodes: for pods on one ledger, equal ones get the same answers."""
        claims = ((each.requests, each.constraints) for each in self.waiting)
        allocations = (each.allocation for each in self.allocated)
        special = None if self.special is None else self.special.requests
        return (*claims, *allocations, self.pod.extended, special)

    def on(self, node: Node, *, only: frozenset[DeviceId] | None = None) -> Granted | Refusal:
        """Return what the claims get on the node, or why it does not take the pod.

        Parameters
        ----------
        only
            The devices to choose from, None for all.
        """
        claims = self.waiting
        if self.special is not None:
            if self.special.requests:
                return _refusal(Reason.RESOURCE_CLAIM, LEFT_OVER)
            resources = extended.by_devices(self.pod, node, self.snapshot)
            if not (resources or self.waiting or self.allocated):
                return ()
            claims = (*claims, self._special_on(resources))
        granted = self._granted(claims, node, only) if claims else ()
        if isinstance(granted, Refusal):
            return granted
        for each in self.allocated:
            if not self._is_available(each, node):
                message = f"its resource claim {each.key.name} is allocated, but not for this node"
                return Refusal(Reason.RESOURCE_CLAIM_UNREACHABLE, message, (UNAVAILABLE,))
        if self.special is not None and not extended.by_devices(self.pod, node, self.snapshot):
            return Refusal(Reason.RESOURCE_CLAIM, MIXED, (UNMAPPED,), on_binding=True)
        return granted

    def to_allocate(self, node: Node) -> tuple[ResourceClaim, ...]:
        """Return the claims for which the node has to have devices."""
        if self.special is None:
            return self.waiting
        resources = extended.by_devices(self.pod, node, self.snapshot)
        return (*self.waiting, self._special_on(resources)) if resources else self.waiting

    def _special_on(self, resources: frozenset[str]) -> ResourceClaim:
        return ResourceClaim(
            key=ObjectKey(self.pod.key.namespace, SPECIAL),
            uid=Uid(""),
            requests=extended.requests(self.pod, resources, classes_by_resource(self.snapshot)),
            owner=self.pod.uid,
            extended=True,
        )

    def _granted(
        self, claims: tuple[ResourceClaim, ...], node: Node, only: frozenset[DeviceId] | None
    ) -> Granted | Refusal:
        try:
            found = allocate(claims, node, self.stock, only=only)
        except AbortError as error:
            text = f'running "DynamicResources" filter plugin: {error}'
            return Refusal(Reason.DEVICE_REQUEST_INVALID, str(error), (text,), aborts=True)
        except UnknownError as error:
            return Refusal(Reason.RESOURCE_CLAIM, f"restow cannot tell: {error}")
        except HereOnlyError as error:
            return _refusal(Reason.DEVICES_UNAVAILABLE, str(error))
        if found is None:
            asked = ", ".join(_summary(each) for each in claims)
            return Refusal(Reason.DEVICES_UNAVAILABLE, f"{TOO_FEW}: {asked}", (TOO_FEW,))
        return tuple(zip(claims, found, strict=True))

    def _is_available(self, claim: ResourceClaim, node: Node) -> bool:
        found = claim.allocation
        if found is None or (found.nodes is not None and not takes(found.nodes, node)):
            return False
        waiting = found.waiting_since
        late = waiting is not None and waiting + BINDING_TIMEOUT < self.snapshot.taken_at
        return not found.failed and not late


def put(pod: Pod, node: Node, ledger: Ledger) -> None:
    """Give the pod its devices on the node, as far as it gets any, and reserve its claims for it.

    Back on the node where the snapshot has it, it takes what it had, if that is still free.
    """
    demand = Demand.of(pod, ledger)
    if not isinstance(demand, Demand):
        return
    before = ledger.before(pod) if pod.node == node.name else frozenset()
    granted = demand.on(node, only=before) if before else None
    if granted is None or isinstance(granted, Refusal):
        granted = demand.on(node)
    if isinstance(granted, Refusal):
        return
    for claim, allocation in granted:
        ledger.allocate(claim, allocation, pod)
    ledger.reserve(pod)


def could_serve(pods: Iterable[Pod], node: Node, ledger: Ledger) -> bool:
    """Return whether some choice of devices serves all the pods together; True when in doubt."""
    claims: dict[tuple[Uid, ObjectKey], ResourceClaim] = {}
    for pod in pods:
        demand = Demand.of(pod, ledger)
        if isinstance(demand, Refusal):
            return False
        for each in () if demand is None else demand.to_allocate(node):
            claims[each.owner or Uid(""), each.key] = each
    try:
        return allocate(tuple(claims.values()), node, ledger.stock()) is not None
    except (AbortError, UnknownError, HereOnlyError):
        return True


def _claims(pod: Pod, ledger: Ledger) -> Iterator[ResourceClaim | Refusal]:
    """Yield the pod's claims in order; the first that cannot be used ends it."""
    seen: set[str] = set()
    for each in pod.claims:
        if each.claim is None:
            if each.pending:
                yield _refusal(
                    Reason.RESOURCE_CLAIM,
                    f'pod "{pod.key}": ResourceClaim not created yet',
                )
                return
            continue
        claim = ledger.of(pod, each)
        if claim is None:
            text = f'resourceclaim.resource.k8s.io "{each.claim}" not found'
            yield _refusal(Reason.RESOURCE_CLAIM, text)
            return
        if claim.deleting:
            text = f'resourceclaim "{claim.key.name}" is being deleted'
            yield _refusal(Reason.RESOURCE_CLAIM, text)
            return
        if each.generated and claim.owner != pod.uid:
            text = f"ResourceClaim {claim.key} was not created for Pod {pod.key} (Pod is not owner)"
            yield _refusal(Reason.RESOURCE_CLAIM, text)
            return
        if len(claim.reserved_for - {pod.uid}) >= MOST_PODS:
            message = f"its resource claim {each.claim} is reserved for {MOST_PODS} others already"
            yield Refusal(Reason.RESOURCE_CLAIM, message)
            return
        if each.claim in seen:  # it would be reserved twice, which the API server refuses
            message = f"it names resource claim {each.claim} twice: no scheduler can bind it"
            yield Refusal(Reason.RESOURCE_CLAIM, message)
            return
        seen.add(each.claim)
        yield claim


def _special(pod: Pod, ledger: Ledger) -> ResourceClaim | None:
    """Return the claim for extended resources: one that was made before, or an empty new one."""
    if not extended.backed(pod, ledger.snapshot):
        return None
    key = ObjectKey(pod.key.namespace, SPECIAL)
    return ledger.special(pod) or ResourceClaim(key=key, uid=Uid(""), owner=pod.uid, extended=True)


def _classless(claim: ResourceClaim, snapshot: Snapshot) -> Refusal | None:
    """Return the no to a claim with a request of no class, or of one that does not exist."""
    for request in claim.requests:
        found = wishes(request)
        if not found:
            text = f"resource claim {claim.key}, request {request.name}: unknown request type"
            return _refusal(Reason.DEVICE_REQUEST_INVALID, text)
        for each in found:
            name = f"{request.name}/{each.name}" if request.first_available else request.name
            if each.device_class not in snapshot.device_classes:
                text = f"request {name}: device class {each.device_class} does not exist"
                return _refusal(Reason.DEVICE_REQUEST_INVALID, text)
    return None


def _refusal(reason: Reason, text: str) -> Refusal:
    return Refusal(reason, text, (text,))


def _summary(claim: ResourceClaim) -> str:
    """Return what a claim asks for, for people."""
    asked = " and ".join(
        " or ".join(
            f"{'all' if each.mode == 'All' else each.count} of {each.device_class}"
            for each in wishes(request)
        )
        for request in claim.requests
    )
    return asked if claim.key.name == SPECIAL else f"{claim.key.name} ({asked})"
