"""What a claim gets, as its status will say it.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
allocator_incubating.go: `createNodeSelector`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from restow.cluster.devices import AllocatedDevice, Allocation, Quantities, Reach
from restow.cluster.objects import Node, NodeSelectorTerm
from restow.cluster.terms import Operator, Requirement
from restow.rules.devices.pools import Unit
from restow.rules.devices.wants import AbortError, Want


@dataclass(frozen=True, slots=True)
class Pick:
    """A device taken for a request; `counted` when counters were drawn on for it."""

    want: Want
    unit: Unit
    consumed: Quantities
    counted: bool

    @property
    def shared(self) -> bool:
        """Whether it is a share of a device."""
        return self.unit.device.shared


def allocation(picks: Sequence[Pick], node: Node) -> Allocation:
    """Return the allocation of a claim that takes these devices on the node.

    Raises
    ------
    AbortError
        When a node selector has several terms, which the API server refuses.
    """
    return Allocation(
        devices=tuple(
            AllocatedDevice(
                driver=each.unit.id.driver,
                pool=each.unit.id.pool,
                device=each.unit.id.device,
                admin=each.want.wish.admin,
                share="new" if each.shared else None,
                consumed=each.consumed,
            )
            for each in picks
        ),
        nodes=_nodes([each.unit for each in picks], node),
    )


def _nodes(units: Iterable[Unit], node: Node) -> tuple[NodeSelectorTerm, ...] | None:
    """Return the terms of the nodes that reach all of the devices, None for all nodes."""
    expressions: list[Requirement] = []
    fields: list[Requirement] = []
    for each in units:
        reach = _reach(each)
        if reach.node is not None or each.device.binds:
            name = Requirement(key="metadata.name", operator=Operator.IN, values=(node.name,))
            return (NodeSelectorTerm(fields=(name,)),)
        terms = reach.selector or ()
        if len(terms) > 1:
            what = f"unsupported ResourceSlice.NodeSelector with {len(terms)} terms"
            raise AbortError(f"create NodeSelector: {what}")
        for term in terms:
            expressions += [one for one in term.expressions if one not in expressions]
            fields += [one for one in term.fields if one not in fields]
    if not expressions and not fields:
        return None
    return (NodeSelectorTerm(expressions=tuple(expressions), fields=tuple(fields)),)


def _reach(unit: Unit) -> Reach:
    return unit.device.reach if unit.slice.per_device else unit.slice.reach
