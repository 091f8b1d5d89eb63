"""Volumes that pods cannot share, or compete for.

Upstream: `plugins/volumerestrictions/volume_restrictions.go` for ReadWriteOncePod claims (one pod
of the whole cluster) and legacy disks (one writer per node); `plugins/volumebinding` for volumes
that exist already: kube-scheduler chooses among them, so a plan gives them to one pod at a time.
"""

from collections.abc import Iterator
from functools import partial

from restow.cluster.objects import Pod
from restow.packing.relations import Domains, Exclusion, Quota, Relation
from restow.planning.relating.cast import Cast, Meant, Seat, Topology, by_trait
from restow.planning.relating.sketch import Relating
from restow.rules.storage_demand import conflict_keys, exclusive_claims, needs_static_volume


def relate(cast: Cast, found: Relating) -> None:
    """Add exclusions of claims and disks, and the one pod that may take an existing volume."""
    users = list(cast.seats(pod for pod in cast.snapshot.census.asking if pod.volumes))
    if not users:
        return
    cluster = cast.domains_of(dict.fromkeys(cast.snapshot.nodes, ""))
    claimed = by_trait(
        (key, pod, seat) for pod, seat in users for key in exclusive_claims(pod, cast.snapshot)
    )
    for sharers in claimed.values():
        _exclude(found, cluster, sharers, sharers)
    hosts = cast.domains_of({name: name for name in cast.snapshot.nodes})
    writing = by_trait((key, pod, seat) for key, pod, seat, writes in _disks(users) if writes)
    using = by_trait((key, pod, seat) for key, pod, seat, _ in _disks(users))
    for key, writers in writing.items():
        _exclude(found, hosts, writers, using[key])
    takers = frozenset(
        pod.uid
        for pod, seat in users
        if seat is None and pod.node is None and needs_static_volume(pod, cast.snapshot)
    )
    if takers:
        found.add(partial(_one, cluster.domains), takers=takers)


def _disks(users: list[tuple[Pod, Seat | None]]) -> Iterator[tuple[str, Pod, Seat | None, bool]]:
    for pod, seat in users:
        for key, writes in conflict_keys(pod).items():
            yield key, pod, seat, writes


def _exclude(found: Relating, topology: Topology, carriers: Meant, targets: Meant) -> None:
    found.bar(carriers.uids, topology.around(targets.given))
    found.bar(targets.uids, topology.around(carriers.given))
    if carriers.free and len(carriers.uids | targets.uids) > 1:
        build = partial(Exclusion, domains=topology.domains)
        held = topology.of_single_nodes
        found.add(build, held=held, carriers=carriers.uids, targets=targets.uids)


def _one(domains: Domains, takers: tuple[int, ...]) -> Relation:
    return Quota(domains=domains, units=tuple((index, 1) for index in takers), room=(1,))
