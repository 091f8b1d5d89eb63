"""A Snapshot out of loose objects."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from restow.cluster.parts import PARTS, Object, Part
from restow.cluster.snapshot import Snapshot


def assemble(
    objects: Iterable[Object], *, taken_at: datetime, absent: Iterable[str] = ()
) -> Snapshot:
    """Return the snapshot of these objects, in any order; of two with one key the last counts.

    `absent` has the kinds that the cluster does not serve.
    """
    found: dict[type, list[Object]] = {part.type: [] for part in PARTS}
    for each in objects:
        found[type(each)].append(each)
    return Snapshot(
        taken_at=taken_at,
        absent=frozenset(absent),
        **{part.field: _by_key(part, found[part.type]) for part in PARTS},
    )


def _by_key(part: Part, objects: list[Object]) -> dict[Any, Any]:
    keyed = [(part.key(each), each) for each in objects]
    if part.field == "pods":  # plain tuples compare several times faster, and pods are many
        keyed.sort(key=lambda pair: (pair[0].namespace, pair[0].name))
    else:
        keyed.sort(key=lambda pair: pair[0])
    return dict(keyed)
