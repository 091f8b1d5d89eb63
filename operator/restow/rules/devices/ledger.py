"""Which claims are allocated on a board, for whom, and what devices they hold.

It begins with the claims of a snapshot and follows the pods: one that goes leaves its claims, one
that comes takes what the allocator gives it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from restow.cluster.devices import Allocation, ResourceClaim
from restow.cluster.objects import Pod
from restow.cluster.pod_devices import PodClaim
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey, Uid
from restow.rules.devices.held import Held
from restow.rules.devices.pools import DeviceId, Inventory
from restow.rules.devices.stock import Effort, Stock

SPECIAL: Final = "<extended-resources>"
"""Name of the claim for extended resources before it is written, as upstream has it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """What all ledgers of a snapshot begin with."""

    held: Held
    special: Mapping[Uid, ResourceClaim]
    own: Mapping[Uid, tuple[ResourceClaim, ...]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        claims = snapshot.resource_claims.values()
        own: dict[Uid, tuple[ResourceClaim, ...]] = {}
        for each in claims:
            if each.owner is not None:
                own[each.owner] = (*own.get(each.owner, ()), each)
        return cls(
            Held.of(each.allocation for each in claims if each.allocation is not None),
            {each.owner: each for each in claims if each.extended and each.owner is not None},
            own,
        )


class Ledger:
    """The claims of a board.

    A claim that was made for one pod, from a template or for its extended resources, goes with the
    pod. Any other stays allocated as long as somebody has it reserved, as the claim controller does
    it.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._start = snapshot.derived(_Start.of)
        self._held = self._start.held.copy()
        self._changed: dict[ObjectKey, ResourceClaim] = {}
        self._special: dict[Uid, ResourceClaim | None] = {}

    def copy(self) -> Self:
        """Return an independent ledger in the same state."""
        twin = object.__new__(type(self))
        twin.snapshot = self.snapshot
        twin._start = self._start
        twin._held = self._held.copy()
        twin._changed = dict(self._changed)
        twin._special = dict(self._special)
        return twin

    def stock(self) -> Stock:
        """Return what an allocation of one pod starts from."""
        return Stock(
            inventory=self.snapshot.derived(Inventory.of),
            classes=self.snapshot.device_classes,
            held=self._held,
            effort=Effort(),
        )

    def claim(self, key: ObjectKey) -> ResourceClaim | None:
        """Return the claim as it is on the board."""
        return self._changed.get(key) or self.snapshot.resource_claims.get(key)

    def of(self, pod: Pod, entry: PodClaim) -> ResourceClaim | None:
        """Return the claim of one of the pod's entries as it is on the board."""
        if entry.claim is None:
            return None
        key = ObjectKey(pod.key.namespace, entry.claim)
        if not entry.alike:
            return self.claim(key)
        found = self.snapshot.resource_claims.get(key)
        own = ObjectKey(key.namespace, f"{key.name} for {pod.uid}")
        if found is None or own in self._changed:
            return self._changed.get(own)
        return replace(_fresh(found), key=own, owner=pod.uid)

    def special(self, pod: Pod) -> ResourceClaim | None:
        """Return the claim that was made for the pod's extended resources, if there is one."""
        if pod.uid in self._special:
            return self._special[pod.uid]
        return self._start.special.get(pod.uid)

    def before(self, pod: Pod) -> frozenset[DeviceId]:
        """Return the devices that the pod had in the snapshot."""
        special = self._start.special.get(pod.uid)
        claims = [self.snapshot.resource_claims.get(key) for key in keys(pod)]
        return frozenset(
            DeviceId(device.driver, device.pool, device.device)
            for each in (*claims, special)
            if each is not None and each.allocation is not None
            for device in each.allocation.devices
        )

    def allocate(self, claim: ResourceClaim, allocation: Allocation, pod: Pod) -> None:
        """Give devices to a claim of the pod."""
        self._held.add(allocation)
        changed = replace(claim, allocation=allocation)
        if claim.key.name == SPECIAL:
            self._special[pod.uid] = changed
        else:
            self._changed[claim.key] = changed

    def reserve(self, pod: Pod) -> None:
        """Reserve the pod's claims for it."""
        for claim in self._claims(pod):
            self._changed[claim.key] = replace(claim, reserved_for=claim.reserved_for | {pod.uid})

    def leave(self, pod: Pod) -> None:
        """Free what only the pod had."""
        for claim in self._claims(pod):
            rest = claim.reserved_for - {pod.uid}
            own = claim.owner == pod.uid
            if own or (not rest and pod.uid in claim.reserved_for):
                self._free(claim)
                self._changed[claim.key] = _fresh(claim)
            else:
                self._changed[claim.key] = replace(claim, reserved_for=rest)
        special = self.special(pod)
        if special is not None:
            self._free(special)
            self._special[pod.uid] = None

    def clear(self, uid: Uid) -> None:
        """Free the claims that a pod which is gone leaves behind, until they are deleted."""
        for claim in self._start.own.get(uid, ()):
            found = self._special.get(uid, claim) if claim.extended else self.claim(claim.key)
            if found is not None:
                self._free(found)
                if claim.extended:
                    self._special[uid] = None
                else:
                    self._changed[claim.key] = _fresh(found)

    def _free(self, claim: ResourceClaim) -> None:
        if claim.allocation is not None:
            self._held.remove(claim.allocation)

    def _claims(self, pod: Pod) -> Iterator[ResourceClaim]:
        for each in pod.claims:
            claim = self.of(pod, each)
            if claim is not None:
                yield claim


def keys(pod: Pod) -> tuple[ObjectKey, ...]:
    """Return the keys of the pod's claims, each once; those of others that only look alike too."""
    names = dict.fromkeys(each.claim for each in pod.claims if each.claim is not None)
    return tuple(ObjectKey(pod.key.namespace, each) for each in names)


def _fresh(claim: ResourceClaim) -> ResourceClaim:
    return replace(claim, allocation=None, reserved_for=frozenset())
