"""The subject of the differential test: clusters, pods to ask about, and the answers.

All values are plain JSON, as the API server gives it back, so that a recording is judged with the
operator's own parsers.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from e2e.client import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A pod to ask about.

    Parameters
    ----------
    pod
        Its manifest.
    topics
        The rules it was made to touch.
    generated
        Names of the ResourceClaims to be made from the templates that it names, per
        `resourceClaims` name: a controller would do it.
    owned
        Objects made for it, with the pod as their controller: claims of generic ephemeral volumes.
    """

    pod: Json
    topics: tuple[str, ...]
    generated: dict[str, str] = field(default_factory=dict)
    owned: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A cluster, and pods that come to it one after another."""

    name: str
    objects: tuple[Json, ...] = ()
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What kube-scheduler said of one pod.

    Parameters
    ----------
    pod
        The pod as it was when it was judged, without the verdict's traces.
    topics
        Those of the probe.
    node
        Where it goes, None when kube-scheduler found no place.
    reason, message
        Of the `PodScheduled` condition when it found none.
    came
        Objects made for the pod before it was judged: claims of its templates and volumes.
    changed
        Objects that are different afterwards, as they are then: allocated claims. The pod itself
        sits on its node, too, when it has one.
    """

    pod: Json
    topics: tuple[str, ...]
    node: str | None
    reason: str
    message: str
    changed: tuple[Json, ...] = ()
    came: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A scene as it was, and what kube-scheduler said of its pods, in order."""

    name: str
    objects: tuple[Json, ...]
    verdicts: tuple[Verdict, ...]


def write(path: Path, scenes: Iterable[Scene | Recorded]) -> None:
    """Write scenes, one line of JSON each."""
    with path.open("w") as file:
        file.writelines(map(line, scenes))


def line(scene: Scene | Recorded) -> str:
    """Return a scene as its line of a file."""
    return json.dumps(asdict(scene), separators=(",", ":"), sort_keys=True) + "\n"


def read(path: Path) -> Iterator[Recorded]:
    """Yield the scenes of a recording that `write` wrote."""
    with path.open() as file:
        for line in file:
            yield recorded(json.loads(line))


def drawn(document: Json) -> Scene:
    """Return the scene, not asked about yet, of its JSON."""
    probes = tuple(
        Probe(**{key: _frozen(value) for key, value in each.items()}) for each in document["probes"]
    )
    return Scene(name=document["name"], objects=tuple(document["objects"]), probes=probes)


def renamed(scene: Scene, name: str) -> Scene:
    """Return the scene with names of its own: kube-scheduler may have seen the others go just now.

    Names of a scene end in its name.
    """
    text = line(replace(scene, name=name)).replace(f"-{scene.name}", f"-{name}")
    return drawn(json.loads(text))


def recorded(document: Json) -> Recorded:
    """Return the scene of its JSON."""
    return Recorded(
        name=document["name"],
        objects=tuple(document["objects"]),
        verdicts=tuple(
            Verdict(**{key: _frozen(value) for key, value in each.items()})
            for each in document["verdicts"]
        ),
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
