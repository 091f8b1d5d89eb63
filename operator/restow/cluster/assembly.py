"""A Snapshot out of loose objects."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.parts import PARTS, Object, Part
from restow.cluster.snapshot import Snapshot

NO_PROFILES: Final[Mapping[str, tuple[NodeSelectorTerm, ...]]] = MappingProxyType({})


def assemble(
    objects: Iterable[Object],
    *,
    taken_at: datetime,
    absent: Iterable[str] = (),
    unknown: Iterable[str] = (),
    added_affinity: Mapping[str, tuple[NodeSelectorTerm, ...]] = NO_PROFILES,
) -> Snapshot:
    """Return the snapshot of these objects, in any order; of two with one key the last counts.

    `absent` has the kinds that the cluster does not serve, `unknown` those that cannot be read,
    `added_affinity` what the profiles of its schedulers ask of nodes.
    """
    found: dict[type, list[Object]] = {part.type: [] for part in PARTS}
    for each in objects:
        found[type(each)].append(each)
    return Snapshot(
        taken_at=taken_at,
        absent=frozenset(absent),
        unknown=frozenset(unknown),
        added_affinity=added_affinity,
        **{part.field: _by_key(part, found[part.type]) for part in PARTS},
    )


def _by_key(part: Part, objects: list[Object]) -> dict[Any, Any]:
    keyed = [(part.key(each), each) for each in objects]
    if part.field == "pods":  # plain tuples compare several times faster, and pods are many
        keyed.sort(key=lambda pair: (pair[0].namespace, pair[0].name))
    else:
        keyed.sort(key=lambda pair: pair[0])
    return dict(keyed)
