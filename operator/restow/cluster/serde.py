"""A Snapshot as canonical JSON, and its digest.

Equal snapshots have equal bytes: objects sorted by key, mappings by name.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from types import GenericAlias
from typing import Any, Final

import msgspec

from restow.cluster.assembly import assemble
from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.parts import PARTS
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import NOTHING, FrozenMap

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


_Document = msgspec.defstruct(
    "_Document",
    [
        ("taken_at", datetime),
        ("absent", tuple[str, ...]),
        *((part.field, GenericAlias(tuple, (part.type, ...))) for part in PARTS),
        (
            "added_affinity",
            dict[str, tuple[NodeSelectorTerm, ...]],
            msgspec.field(default_factory=dict),
        ),
        ("unknown", tuple[str, ...], ()),
    ],
    frozen=True,
    omit_defaults=True,
)


def dump(snapshot: Snapshot) -> bytes:
    """Return the snapshot as canonical JSON."""
    return _encode(_document(snapshot, taken_at=snapshot.taken_at))


def parse(body: bytes) -> Snapshot:
    """Return the snapshot that `dump` wrote.

    Raises
    ------
    ValueError
        When `body` is not what `dump` writes.
    """
    found = msgspec.json.decode(body, type=_Document, dec_hook=_from_builtin)
    taken_at: datetime = getattr(found, "taken_at")  # noqa: B009 - a struct made at run time
    absent: tuple[str, ...] = getattr(found, "absent")  # noqa: B009
    unknown: tuple[str, ...] = getattr(found, "unknown")  # noqa: B009
    added: dict[str, tuple[NodeSelectorTerm, ...]] = getattr(found, "added_affinity")  # noqa: B009
    return assemble(
        (each for part in PARTS for each in getattr(found, part.field)),
        taken_at=taken_at,
        absent=absent,
        unknown=unknown,
        added_affinity=added,
    )


def digest(snapshot: Snapshot) -> str:
    """Return `sha256:` and the hash of the objects, resource versions and nodes' images aside.

    The time does not count, nor which kinds the cluster does not serve: a dump cannot tell.
    """
    bare = replace(
        snapshot,
        taken_at=_NO_TIME,
        absent=frozenset(),
        pods={key: replace(pod, resource_version="") for key, pod in snapshot.pods.items()},
        nodes={
            name: replace(node, resource_version="", images=NOTHING)
            for name, node in snapshot.nodes.items()
        },
    )
    return f"sha256:{sha256(dump(bare)).hexdigest()}"


def _document(snapshot: Snapshot, *, taken_at: datetime) -> msgspec.Struct:
    parts: dict[str, Mapping[Any, object]] = {
        part.field: getattr(snapshot, part.field) for part in PARTS
    }
    return _Document(
        taken_at=taken_at,
        absent=tuple(sorted(snapshot.absent)),
        added_affinity=dict(snapshot.added_affinity),
        unknown=tuple(sorted(snapshot.unknown)),
        **{name: tuple(found[key] for key in sorted(found)) for name, found in parts.items()},
    )


def _encode(document: msgspec.Struct) -> bytes:
    return msgspec.json.encode(document, enc_hook=_to_builtin, order="deterministic")


def _to_builtin(value: object) -> object:
    if isinstance(value, FrozenMap):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


def _from_builtin(kind: type[Any], value: Any) -> Any:
    return kind(value)
