"""Encoder of Clash: of each forbidden combination some class stays short."""

from collections.abc import Callable

from ortools.sat.python import cp_model

from restow.packing.encoders.domains import Nodes, by_domain
from restow.packing.relations import Clash, Combination
from restow.packing.variables import Counts, Variables


def encode(relation: Clash, x: Variables) -> None:
    """Add, per forbidden combination, that its domain does not come to hold it."""
    places = by_domain(relation.domains)
    for domain, pods in relation.forbidden:
        nodes = places.get(domain, ())
        arrival = x.any_arrival([c for c, _ in pods], nodes)
        if arrival is None:
            continue
        # What is not there now comes about by an arrival only: no literal is needed for that.
        is_there = all(x.present([c], nodes) >= count for c, count in pods)
        if len(pods) == 1 and not is_there:
            ((c, count),) = pods
            x.proto.add(x.held([c], nodes) <= count - 1)
            continue
        literals = _short(pods, nodes, x)
        x.proto.add_bool_or([*literals, ~arrival] if is_there else literals)


def _short(pods: Combination, nodes: Nodes, x: Variables) -> list[cp_model.IntVar]:
    """Return a literal per class of the combination: fewer pods of it are held than named."""
    literals = []
    for c, count in pods:
        literal = x.proto.new_bool_var("")
        x.proto.add(x.held([c], nodes) <= count - 1).only_enforce_if(literal)
        x.derive(literal, _is_short(c, count, nodes))
        literals.append(literal)
    return literals


def _is_short(c: int, count: int, nodes: Nodes) -> Callable[[Counts], int]:
    return lambda counts: counts.held([c], nodes) < count
