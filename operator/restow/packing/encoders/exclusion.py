"""Encoder of Exclusion: an arrival bounds how many of the other side its domain holds."""

from restow.packing.encoders.domains import Nodes, by_domain
from restow.packing.relations import Exclusion
from restow.packing.variables import Variables


def encode(relation: Exclusion, x: Variables) -> None:
    """Add, per domain, who may not arrive beside whom."""
    for nodes in by_domain(relation.domains).values():
        _keep_apart(relation, x, nodes)


def _keep_apart(relation: Exclusion, x: Variables, nodes: Nodes) -> None:
    carriers, targets = frozenset(relation.carriers), frozenset(relation.targets)
    both = carriers & targets
    if carriers == targets and x.present(both, nodes) <= 1:
        x.proto.add(x.held(both, nodes) <= 1)  # the same without a literal: a tighter relaxation
        return
    for arriving, others, most in (
        (both, targets, 1),  # the arriving pod itself
        (both, carriers, 1),
        (carriers - both, targets, 0),
        (targets - both, carriers, 0),
    ):
        if (arrival := x.any_arrival(arriving, nodes)) is not None:
            x.proto.add(x.held(others, nodes) <= most).only_enforce_if(arrival)
