"""Required anti-affinity: of the pods to be placed, and of those that run against them.

Upstream: `plugins/interpodaffinity/filtering.go: satisfyPodAntiAffinity` and
`satisfyExistingPodsAntiAffinity`; a node without the topology key is free of the term.
"""

from functools import partial

from restow.packing.relations import Exclusion
from restow.planning.relating.cast import Cast
from restow.planning.relating.sketch import Relating


def relate(cast: Cast, found: Relating) -> None:
    """Add an exclusion per term, and bar what given pods keep out."""
    for term, carriers, targets in cast.parties(cast.bonds.apart):
        topology = cast.topology(term.topology_key)
        found.bar(carriers.uids, topology.around(targets.given))
        found.bar(targets.uids, topology.around(carriers.given))
        if carriers.free and targets.free and len(carriers.uids | targets.uids) > 1:
            build = partial(Exclusion, domains=topology.domains)
            held = topology.of_single_nodes
            found.add(build, held=held, carriers=carriers.uids, targets=targets.uids)
