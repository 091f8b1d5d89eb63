"""Nodes by domain, as the encoders need them."""

from restow.packing.relations import Domains

Nodes = tuple[int, ...]


def by_domain(domains: Domains) -> dict[int, Nodes]:
    """Return the nodes of each domain, both ascending; nodes in none are left out."""
    found: dict[int, list[int]] = {}
    for node, domain in enumerate(domains):
        if domain >= 0:
            found.setdefault(domain, []).append(node)
    return {domain: tuple(found[domain]) for domain in sorted(found)}


def outside(domains: Domains) -> Nodes:
    """Return the nodes in no domain."""
    return tuple(node for node, domain in enumerate(domains) if domain < 0)
