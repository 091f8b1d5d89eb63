"""Encoder of Quota: units that arrive in a domain."""

from restow.packing.encoders.domains import by_domain
from restow.packing.relations import Quota
from restow.packing.variables import Variables, total


def encode(relation: Quota, x: Variables) -> None:
    """Add, per domain, that arrivals take no more than its room."""
    for domain, nodes in by_domain(relation.domains).items():
        taken = total(units * x.arrived((c,), nodes) for c, units in relation.units)
        x.proto.add(taken <= relation.room[domain])
