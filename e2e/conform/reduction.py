"""How a scene gets smaller: which parts are left out, and in which order.

Parts go in ever smaller groups, after Zeller and Hildebrandt's delta debugging; the fields of a
document level by level from its root, after Misherghi and Su's hierarchical one.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from e2e.client import Json
from e2e.conform.documents import KEPT
from e2e.conform.scene import Probe, Scene

T = TypeVar("T")
Path = tuple[str | int, ...]
"""Keys and indices from the root of a document to a part of it."""

REQUIRED: Final = frozenset(
    {"apiVersion", "kind", "metadata", "name", "namespace", "containers", "image"}
)
"""Fields without which no API server takes an object, or the part of it that they name."""

FIRST: Final = ("Pod", "Node")
"""Kinds whose fields go first; the pod that is asked about comes before all of them."""


class Reducer:
    """Makes a scene smaller as long as something stays true of it.

    Parameters
    ----------
    holds
        Whether it is true of a smaller scene.
    tries
        How often that is asked at most.
    """

    def __init__(self, holds: Callable[[Scene], bool], *, tries: int) -> None:
        self._holds = holds
        self.left = tries

    def smallest(self, scene: Scene) -> Scene:
        """Return the scene without anything that can go; the last probe stays.

        First other probes go, then objects, then fields: of the pod that is asked about, of other
        pods, of nodes, of the rest. Then it starts over, until nothing goes any more.
        """
        while True:
            fewer = self._fields(self._objects(self._probes(scene)))
            if fewer == scene or not self.left:
                return trimmed(fewer)
            scene = fewer

    def _is_enough(self, scene: Scene) -> bool:
        if not self.left:
            return False
        self.left -= 1
        return self._holds(scene)

    def _probes(self, scene: Scene) -> Scene:
        *others, last = scene.probes
        kept = minimal(others, lambda some: self._is_enough(replace(scene, probes=(*some, last))))
        return replace(scene, probes=(*kept, last))

    def _objects(self, scene: Scene) -> Scene:
        shared = [each for each in scene.objects if each["kind"] in KEPT]
        others = [each for each in scene.objects if each["kind"] not in KEPT]
        kept = minimal(
            others, lambda some: self._is_enough(replace(scene, objects=(*shared, *some)))
        )
        return replace(scene, objects=(*shared, *kept))

    def _fields(self, scene: Scene) -> Scene:
        for index in reversed(range(len(scene.probes))):
            scene = self._pod(scene, index)
        order = sorted(range(len(scene.objects)), key=lambda index: _rank(scene.objects[index]))
        for index in order:
            if scene.objects[index]["kind"] not in KEPT:
                scene = self._object(scene, index)
        return scene

    def _pod(self, scene: Scene, index: int) -> Scene:
        pod = scene.probes[index].pod
        return _asking(
            scene, index, slimmed(pod, lambda less: self._is_enough(_asking(scene, index, less)))
        )

    def _object(self, scene: Scene, index: int) -> Scene:
        whole = scene.objects[index]
        return _with(
            scene, index, slimmed(whole, lambda less: self._is_enough(_with(scene, index, less)))
        )


def minimal(items: Sequence[T], holds: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return items of which no one can go: all are tried at once, then halves, then quarters …

    Nothing is asked twice.
    """
    kept, size = tuple(range(len(items))), len(items)
    asked = {kept}
    while size:
        at = 0
        while at < len(kept):
            fewer = kept[:at] + kept[at + size :]
            is_new = fewer not in asked
            asked.add(fewer)
            if is_new and holds([items[index] for index in fewer]):
                kept = fewer
            else:
                at += size
        size //= 2
    return [items[index] for index in kept]


def slimmed(document: Json, holds: Callable[[Json], bool]) -> Json:
    """Return the document without the parts that can go, whole branches before their twigs."""
    depth = 1
    while paths := [*_paths(document, depth)]:
        removable = [each for each in paths if each[-1] not in REQUIRED]
        document = _slimmed(document, removable, holds)
        depth += 1
    return document


def _slimmed(document: Json, removable: Sequence[Path], holds: Callable[[Json], bool]) -> Json:
    def without(kept: Collection[Path]) -> Json:
        pruned: Json = _pruned(document, (), set(removable) - set(kept))
        return pruned

    return without(minimal(removable, lambda kept: holds(without(kept))))


def trimmed(scene: Scene) -> Scene:
    """Return the scene without the shared objects that nothing names."""
    others = [each for each in scene.objects if each["kind"] not in KEPT]
    text = json.dumps([others, [(each.pod, each.owned) for each in scene.probes]])
    return replace(
        scene,
        objects=tuple(
            each
            for each in scene.objects
            if each["kind"] not in KEPT or f'"{each["metadata"]["name"]}"' in text
        ),
    )


def _rank(document: Json) -> int:
    kind = document["kind"]
    return FIRST.index(kind) if kind in FIRST else len(FIRST)


def _asking(scene: Scene, index: int, pod: Json) -> Scene:
    probes: list[Probe] = list(scene.probes)
    probes[index] = replace(probes[index], pod=pod)
    return replace(scene, probes=tuple(probes))


def _with(scene: Scene, index: int, document: Json) -> Scene:
    before, after = scene.objects[:index], scene.objects[index + 1 :]
    return replace(scene, objects=(*before, document, *after))


def _paths(part: Any, depth: int) -> Iterator[Path]:
    if depth == 0:
        yield ()
    elif isinstance(part, dict | list):
        keyed = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in keyed:
            yield from ((key, *rest) for rest in _paths(value, depth - 1))


def _pruned(part: Any, at: Path, gone: Collection[Path]) -> Any:
    if isinstance(part, dict):
        return {
            key: _pruned(value, (*at, key), gone)
            for key, value in part.items()
            if (*at, key) not in gone
        }
    if isinstance(part, list):
        return [
            _pruned(value, (*at, index), gone)
            for index, value in enumerate(part)
            if (*at, index) not in gone
        ]
    return part
