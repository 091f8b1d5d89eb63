"""A Snapshot as canonical JSON, and its digest.

Equal snapshots have equal bytes: objects sorted by key, mappings by name.
"""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from restow.cluster.assembly import assemble
from restow.cluster.objects import (
    DisruptionBudget,
    Namespace,
    Node,
    Pod,
    PriorityClass,
    Workload,
)
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import FrozenMap

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Document(msgspec.Struct, frozen=True):
    taken_at: datetime
    pods: tuple[Pod, ...]
    nodes: tuple[Node, ...]
    budgets: tuple[DisruptionBudget, ...]
    priority_classes: tuple[PriorityClass, ...]
    workloads: tuple[Workload, ...]
    namespaces: tuple[Namespace, ...]


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
    return assemble(
        (
            *found.pods,
            *found.nodes,
            *found.budgets,
            *found.priority_classes,
            *found.workloads,
            *found.namespaces,
        ),
        taken_at=found.taken_at,
    )


def digest(snapshot: Snapshot) -> str:
    """Return `sha256:` and the hash of everything but the time and the resource versions."""
    bare = Snapshot(
        taken_at=_NO_TIME,
        pods={key: replace(pod, resource_version="") for key, pod in snapshot.pods.items()},
        nodes={name: replace(node, resource_version="") for name, node in snapshot.nodes.items()},
        budgets=snapshot.budgets,
        priority_classes=snapshot.priority_classes,
        workloads=snapshot.workloads,
        namespaces=snapshot.namespaces,
    )
    return f"sha256:{sha256(dump(bare)).hexdigest()}"


def _document(snapshot: Snapshot, *, taken_at: datetime) -> _Document:
    return _Document(
        taken_at=taken_at,
        pods=tuple(snapshot.pods[key] for key in sorted(snapshot.pods)),
        nodes=tuple(snapshot.nodes[name] for name in sorted(snapshot.nodes)),
        budgets=tuple(snapshot.budgets[key] for key in sorted(snapshot.budgets)),
        priority_classes=tuple(
            snapshot.priority_classes[name] for name in sorted(snapshot.priority_classes)
        ),
        workloads=tuple(snapshot.workloads[uid] for uid in sorted(snapshot.workloads)),
        namespaces=tuple(snapshot.namespaces[name] for name in sorted(snapshot.namespaces)),
    )


def _encode(document: _Document) -> bytes:
    return msgspec.json.encode(document, enc_hook=_to_builtin, order="deterministic")


def _to_builtin(value: object) -> object:
    if isinstance(value, FrozenMap):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


def _from_builtin(kind: type[Any], value: Any) -> Any:
    return kind(value)
