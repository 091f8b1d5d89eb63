"""Encoder of Attraction: who arrives finds a provider, who stays keeps one."""

from ortools.sat.python import cp_model

from restow.packing.encoders.domains import Nodes, by_domain, outside
from restow.packing.relations import Attraction
from restow.packing.variables import Variables, total


def encode(relation: Attraction, x: Variables) -> None:
    """Add what arriving and staying needy pods ask of each domain."""
    x.bar(relation.needy, outside(relation.domains))
    places = by_domain(relation.domains)
    first = _first_pods(relation, x, places)
    for domain, nodes in places.items():
        if not relation.fixed[domain]:
            _welcome(relation, x, nodes, first)
            _keep(relation, x, nodes, anchored=relation.anchored[domain])


def _first_pods(
    relation: Attraction, x: Variables, places: dict[int, Nodes]
) -> cp_model.IntVar | None:
    """Return a literal that the first-pod exception is used; None if there is none."""
    providers, needy = frozenset(relation.providers), frozenset(relation.needy)
    present = sum(relation.fixed) + sum(x.present(providers, nodes) for nodes in places.values())
    if not relation.seed or present:
        return None
    first = x.proto.new_bool_var("")
    entered = [x.any_arrival(needy | providers, nodes) for nodes in places.values()]
    literals = [literal for literal in entered if literal is not None]
    x.proto.add(total(literals) <= 1).only_enforce_if(first)
    x.derive(first, lambda counts: sum(map(counts.value, literals)) <= 1)
    return first


def _welcome(
    relation: Attraction, x: Variables, nodes: Nodes, first: cp_model.IntVar | None
) -> None:
    """Let needy pods arrive only beside a provider that is no needy arrival itself."""
    providers, needy = frozenset(relation.providers), frozenset(relation.needy)
    never_needy = providers - _needy_anywhere(x)
    found = x.stayed(providers, nodes) + x.arrived(never_needy, nodes)
    if (arrival := x.any_arrival(needy - providers, nodes)) is not None:
        x.proto.add(found >= 1).only_enforce_if(arrival)
    if (arrival := x.any_arrival(needy & providers, nodes)) is not None:
        either = found if first is None else found + first
        x.proto.add(either >= 1).only_enforce_if(arrival)


def _needy_anywhere(x: Variables) -> frozenset[int]:
    return frozenset(
        c
        for relation in x.problem.relations
        if isinstance(relation, Attraction)
        for c in relation.needy
    )


def _keep(relation: Attraction, x: Variables, nodes: Nodes, *, anchored: bool) -> None:
    """Leave a provider where needy pods stay that have one now."""
    providers, needy = frozenset(relation.providers), frozenset(relation.needy)
    if not x.present(providers, nodes):
        return
    kept = x.held(providers, nodes) >= 1
    if anchored:
        x.proto.add(kept)
    elif (stay := x.any_stay(needy - providers, nodes)) is not None:
        x.proto.add(kept).only_enforce_if(stay)
