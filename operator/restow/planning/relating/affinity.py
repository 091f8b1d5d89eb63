"""Required affinity: a pod goes where a pod that matches all of its terms sits already.

Upstream: `plugins/interpodaffinity/filtering.go: satisfyPodAffinity`. A provider matches every
term of the pod; each term's topology then has to have one. The first pod of a group that is its own
provider needs none, as long as there is none anywhere.
"""

from functools import partial

from restow.cluster.terms import PodTerm
from restow.packing.relations import Attraction
from restow.planning.relating.cast import Cast, Meant
from restow.planning.relating.sketch import Relating


def relate(cast: Cast, found: Relating) -> None:
    """Add an attraction per set of terms and topology key, or bar where nobody can follow."""
    for terms, needy, providers in cast.parties(cast.bonds.close):
        for key in sorted({term.topology_key for term in terms}):
            _relate_key(cast, found, key, terms, needy, providers)


def _relate_key(  # noqa: PLR0913, PLR0917 - one topology of one set of terms
    cast: Cast,
    found: Relating,
    key: str,
    terms: tuple[PodTerm, ...],
    needy: Meant,
    providers: Meant,
) -> None:
    topology = cast.topology(key)
    fixed = topology.counts(providers.lasting)
    if not providers.free:
        served = topology.nodes_in({domain for domain, count in enumerate(fixed) if count})
        found.bar(needy.uids, frozenset(cast.nodes) - served)
        return
    providing = {seat.pod.uid for seat in providers.given}
    own = [seat for seat in needy.lasting if seat.pod.uid not in providing]
    anchored = tuple(
        count > 0 and not fixed[domain] for domain, count in enumerate(topology.counts(own))
    )
    if needy.free or any(anchored):
        build = partial(
            Attraction,
            domains=topology.domains,
            fixed=tuple(fixed),
            anchored=anchored,
            seed=not _seen(cast, terms, providers),
        )
        found.add(build, needy=needy.uids, providers=providers.uids)


def _seen(cast: Cast, terms: tuple[PodTerm, ...], providers: Meant) -> bool:
    """Whether a given provider, even one that leaves, ends the first-pod exception."""
    keys = {term.topology_key for term in terms}
    nodes = cast.snapshot.nodes
    return any(
        key in nodes[seat.node].labels
        for seat in providers.given
        if seat.node in nodes
        for key in keys
    )
