"""Encoder of Together: one literal says whether the group is placed."""

from restow.packing.relations import Together
from restow.packing.variables import Variables


def encode(relation: Together, x: Variables) -> None:
    """Add that all pending pods of the group get a place or none does."""
    waiting = [c for c in relation.classes if x.problem.classes[c].pending]
    placed = x.proto.new_bool_var("")
    for c in waiting:
        x.proto.add(x.placed(c) == x.problem.classes[c].count * placed)
    nodes = range(len(x.problem.capacity))
    x.derive(placed, lambda counts: counts.held(waiting, nodes) > 0)
