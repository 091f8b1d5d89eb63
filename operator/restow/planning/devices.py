"""The devices that pods claim, for the packing problem.

How many are free of each kind are dimensions, which bound. What devices cannot serve all the same
is learned from the allocator, combination by combination (`planning.clashing`).
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from restow.cluster.objects import Node, Pod
from restow.cluster.pod_devices import ExtendedRequest
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import NOTHING, Amounts, total
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.reasons import Refusal
from restow.packing.relations import Clash
from restow.planning.relating.sketch import Relating
from restow.rules.board import Board
from restow.rules.devices import extended
from restow.rules.devices.classes import classes_by_resource
from restow.rules.devices.demand import Demand, has_claims
from restow.rules.devices.suited import Suits

Asking = Demand | Refusal | None
"""What a pod's claims ask for, or why no node takes it; None for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What pods with claims ask for, and what there is.

    Parameters
    ----------
    board
        The pods whose place is given.
    shapes
        Per pod with claims, what tells it from other such pods.
    demands
        Per shape, what the claims of a pod of it say.
    backed
        Extended resources that devices may serve, with all that is asked of them.
    copies
        Per shape, a pod that asks for it: what no plugin has as extended resources.
    """

    board: Board
    suits: Suits
    shapes: Mapping[Uid, Hashable]
    demands: Mapping[Hashable, Asking]
    backed: Amounts
    copies: Mapping[Amounts, Pod]

    @classmethod
    def of(
        cls,
        pods: Iterable[Pod],
        nodes: Sequence[Node],
        board: Board,
        *,
        shapes: Iterable[Amounts] = (),
    ) -> Self:
        """Return what `pods`, which do not sit on the board, ask for of `nodes`.

        Parameters
        ----------
        shapes
            What else is to be counted: extended resources that a DeviceClass backs, and that no
            plugin of a node has, are devices here.
        """
        snapshot = board.snapshot
        asking = [pod for pod in pods if has_claims(pod, snapshot)]
        said = {pod.uid: Demand.of(pod, board.devices) for pod in asking}
        copies = {each: _copy(each, nodes, snapshot) for each in shapes}
        wishes = (Demand.of(pod, board.devices) for pod in copies.values() if pod.extended)
        demands = (*said.values(), *wishes)
        suits = Suits.of((d for d in demands if isinstance(d, Demand)), nodes, board)
        told = {pod.uid: _shape(pod, said[pod.uid], board, suits) for pod in asking}
        backed = total(
            Amounts({name: pod.requests.of(name) for name in extended.backed(pod, snapshot)})
            for pod in asking
        )
        return cls(
            board=board,
            suits=suits,
            shapes=told,
            demands={shape: said[uid] for uid, shape in told.items()},
            backed=backed,
            copies=copies,
        )

    def taken(self, shape: Amounts) -> Amounts:
        """Return what a copy of a shape takes, in resources and devices."""
        served = {each.resource for each in self.copies[shape].extended}
        rest = Amounts({name: amount for name, amount in shape.items() if name not in served})
        return rest + self.suits.needs(self.copies[shape].uid)

    def amounts(self, pod: Pod) -> Amounts:
        """Return what the pod takes."""
        return self.suits.needs(pod.uid) if pod.uid in self.shapes else NOTHING

    def admits(self, pod: Pod, node: NodeName) -> bool:
        """Whether the node could serve the pod with nobody there but the board's."""
        if pod.uid not in self.shapes:
            return True
        demand = self.demands[self.shapes[pod.uid]]
        answer = demand.on(self.board.nodes[node]) if isinstance(demand, Demand) else demand
        return not isinstance(answer, Refusal)

    def room(self, node: Node) -> Amounts:
        """Return what is left on the node; plenty of a resource that its devices may serve."""
        if not self.suits.asked:
            return NOTHING
        loads = [self.backed, *(pod.requests for pod in self.board.pods(node.name))]
        served = [name for name in self.backed if not node.allocatable.of(name)]
        plenty = Amounts({name: sum(each.of(name) for each in loads) for name in served})
        return self.suits.free(node.name) + plenty

    def relate(self, found: Relating, nodes: int) -> None:
        """Add what is to be learned of `nodes` nodes: of each by itself, and of all together.

        A nomination holds no device, so nobody who has some is left without a place for others.
        """
        roles: dict[Hashable, set[Uid]] = {}
        for uid, shape in self.shapes.items():
            roles.setdefault(shape, set()).add(uid)
        if not roles:
            return
        named = {f"asking {number}": frozenset(uids) for number, uids in enumerate(roles.values())}
        for domains in (tuple(range(nodes)), (0,) * nodes):
            found.add(partial(_clash, domains), held=False, **named)


def _copy(shape: Amounts, nodes: Sequence[Node], snapshot: Snapshot) -> Pod:
    """Return a pod of a shape that asks for devices where a class backs what no plugin has."""
    backed = classes_by_resource(snapshot)
    return Pod(
        key=ObjectKey("", "shape"),
        uid=Uid(f"shape {sorted(shape.items())}"),
        created_at=snapshot.taken_at,
        extended=tuple(
            ExtendedRequest(name=name, resource=name, count=amount, container=0)
            for name, amount in sorted(shape.items())
            if name in backed and not any(node.allocatable.of(name) for node in nodes)
        ),
    )


def _clash(domains: tuple[int, ...], **_roles: tuple[int, ...]) -> Clash:
    return Clash(domains=domains)


def _shape(pod: Pod, demand: Asking, board: Board, suits: Suits) -> Hashable:
    """Return what the allocator looks at, and what kinds of devices the pod has now."""
    held = board.devices.before(pod) if pod.node is not None else frozenset()
    kinds = tuple(sorted(map(repr, map(suits.kind, held))))
    if not isinstance(demand, Demand):
        return pod.uid
    return demand.asked, tuple(each.key for each in demand.allocated), pod.key.namespace, kinds
