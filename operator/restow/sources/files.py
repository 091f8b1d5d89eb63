"""A Snapshot from files: any stream of Kubernetes objects, as `kubectl get … -o json` prints it.

JSON objects and Lists, one or many after another, YAML document streams, each also gzipped.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from restow.cluster.assembly import assemble
from restow.cluster.objects import Node, Pod
from restow.cluster.parse import KINDS, kind_named
from restow.cluster.parts import Object
from restow.cluster.snapshot import Snapshot
from restow.core.errors import InputError
from restow.core.marks import GROUP
from restow.sources.documents import Found, documents

STDIN: Final = "-"
_POLICY: Final = "PackingPolicy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """What the files hold.

    Parameters
    ----------
    snapshot
        The cluster.
    policies
        Names and raw documents of the PackingPolicies, in the order found.
    skipped
        Number of objects per kind that restow does not read.
    warnings
        One line each: usable, but probably not what was meant.
    """

    snapshot: Snapshot
    policies: tuple[tuple[str, Mapping[str, object]], ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read(paths: Sequence[str | Path], stdin: BinaryIO, now: datetime) -> Dump:
    """Return the cluster that the files describe together.

    The same object may appear twice when it is the same; finished pods are left out. A pod bound
    to a node that is not in the files is kept, its load counts nowhere, and a warning says so.
    An optional kind that the files hold in another API version only is `absent` from the snapshot,
    with a warning.

    Parameters
    ----------
    paths
        Files; `-` is `stdin`. Compression is recognised by content.
    stdin
        Standard input, binary.
    now
        The snapshot's `taken_at`, UTC.

    Raises
    ------
    InputError
        When a file cannot be read in full, holds no Kubernetes object, or one that cannot be
        used, or two different objects of one name, or pods but no node.
    """
    heap = _Heap()
    for path in paths:
        before = heap.count
        for found in documents(path, stdin):
            heap.add(found)
        if heap.count == before:
            raise InputError(
                where=_title(path),
                field="",
                problem="holds no Kubernetes object",
                remedy="fill it with `kubectl get nodes,pods,… -A -o json`",
            )
    snapshot = assemble(
        (each for each, _ in heap.objects.values()), taken_at=now, absent=heap.absent
    )
    if snapshot.pods and not snapshot.nodes:
        raise InputError(
            where=", ".join(_title(path) for path in paths),
            field="",
            problem=f"holds {len(snapshot.pods)} pods but no node",
            remedy="add the nodes: `kubectl get nodes -o json`",
        )
    return Dump(
        snapshot=snapshot,
        policies=tuple((name, document) for name, (document, _) in heap.policies.items()),
        skipped=dict(sorted(heap.skipped.items())),
        warnings=(*_other_versions(heap), *_strays(snapshot)),
    )


class _Heap:
    """Collects objects and refuses contradictions."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], tuple[Object, str]] = {}
        self.policies: dict[str, tuple[Mapping[str, object], str]] = {}
        self.skipped: Counter[str] = Counter()
        self.other_versions: dict[str, set[str]] = {}
        self.count = 0

    @property
    def absent(self) -> frozenset[str]:
        """Optional kinds of which there are objects, but none in the version that is read."""
        return frozenset(self.other_versions) - {kind for kind, _, _ in self.objects}

    def add(self, found: Found) -> None:
        """Take one object in.

        Raises
        ------
        InputError
            When it cannot be used, or contradicts an earlier one.
        """
        self.count += 1
        if found.kind == _POLICY and found.api_version.startswith(f"{GROUP}/"):
            name, document = _policy(found)
            earlier = self.policies.setdefault(name, (document, found.where))
            if earlier[0].get("spec") != document.get("spec"):
                raise _twice(f"{found.where}: {_POLICY} {name}", earlier[1])
            return
        kind = kind_named(found.kind, found.api_version)
        if kind is None:
            self.skipped[found.kind] += 1
            return
        if kind.optional and found.api_version != kind.api_version:
            self.skipped[found.kind] += 1
            self.other_versions.setdefault(kind.name, set()).add(found.api_version)
            return
        try:
            parsed = found.parse(kind)
        except InputError as error:
            raise InputError(
                where=f"{found.where}: {error.where}",
                field=error.field,
                problem=error.problem,
                remedy=error.remedy,
            ) from None
        if parsed is not None:
            self._put((kind.name, *_name(parsed)), parsed, found.where)

    def _put(self, name: tuple[str, str, str], parsed: Object, where: str) -> None:
        earlier = self.objects.get(name)
        if earlier is not None and earlier[0] != parsed:
            kind, namespace, own = name
            path = f"{namespace}/{own}" if namespace else own
            raise _twice(f"{where}: {kind} {path}", earlier[1])
        self.objects[name] = (parsed, where)


def _twice(where: str, earlier: str) -> InputError:
    return InputError(
        where=where,
        field="",
        problem=f"is also in {earlier}, and differs",
        remedy="keep one of the two",
    )


def _name(parsed: Object) -> tuple[str, str]:
    if isinstance(parsed, Node) or not hasattr(parsed, "key"):
        return "", parsed.name
    return parsed.key.namespace, parsed.key.name


def _policy(found: Found) -> tuple[str, Mapping[str, object]]:
    document = found.document()
    meta = document.get("metadata")
    name = meta.get("name") if isinstance(meta, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InputError(
            where=f"{found.where}: {_POLICY} without a name",
            field="metadata.name",
            problem="the field is missing",
            remedy="give the policy a name",
        )
    return name, document


def _other_versions(heap: _Heap) -> Iterator[str]:
    """Yield one warning per kind that is there in versions which are not read."""
    for kind, versions in sorted(heap.other_versions.items()):
        yield (
            f"objects of kind {kind} in {', '.join(sorted(versions))} are left out: "
            f"restow reads {KINDS[kind].api_version}"
        )


def _strays(snapshot: Snapshot) -> Iterator[str]:
    """Yield one warning per unknown node that pods are bound to."""
    strays: dict[str, list[Pod]] = {}
    for pod in snapshot.pods.values():
        if pod.node is not None and pod.node not in snapshot.nodes:
            strays.setdefault(pod.node, []).append(pod)
    for node, pods in sorted(strays.items()):
        yield (
            f"node {node} is not in the input although {_count(pods)} bound to it, "
            f"among them {pods[0].key}; their load counts nowhere"
        )


def _count(pods: Iterable[Pod]) -> str:
    number = len(list(pods))
    return "1 pod is" if number == 1 else f"{number} pods are"


def _title(path: str | Path) -> str:
    return "standard input" if str(path) == STDIN else str(path)
