"""A disagreement in its smallest form: every smaller scene is put before kube-scheduler again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from e2e.client import ApiError, Json
from e2e.conform.documents import KEPT
from e2e.conform.judge import Disagreement, disagreements
from e2e.conform.oracle import SETTLE_S, NoVerdictError, Oracle
from e2e.conform.reduction import Reducer, trimmed
from e2e.conform.scene import Recorded, Scene, renamed, write

Told = Callable[[Recorded], Iterator[Disagreement]]
"""Yields the disagreements of a scene, in the order of its pods."""

TRIES: Final = 250
"""Scenes put before kube-scheduler at most: two or three minutes."""

DOUBT_S: Final = 0.5
"""For everything to have arrived; most smaller scenes that show a disagreement take this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """A small scene on which the two disagree, what kube-scheduler said of it, and how."""

    scene: Scene
    recorded: Recorded
    wrong: Disagreement

    def manifest(self) -> str:
        """Return YAML for kubectl that makes the scene, with what each side says above it."""
        probes = [each.pod for each in self.scene.probes]
        documents = [*self.scene.objects, *(o for p in self.scene.probes for o in p.owned), *probes]
        head = [
            f"# {self.scene.name}, pod {probes[-1]['metadata']['name']}, the last document",
            f"# kube-scheduler: {self.wrong.theirs}",
            f"# restow:         {self.wrong.ours}",
            *_steps(documents),
        ]
        return "\n".join(head) + "\n" + yaml.safe_dump_all(documents, sort_keys=False, width=100)

    def keep(self, folder: Path) -> Path:
        """Write the recording into a folder of regressions and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.scene.name}.jsonl"
        write(path, [self.recorded])
        return path


def smallest(
    oracle: Oracle,
    scene: Scene,
    judged: Recorded,
    wrong: Disagreement,
    *,
    told: Told = disagreements,
    tries: int = TRIES,
) -> Shrunk | None:
    """Shrink a scene of which the two said `wrong`; None when they agree when asked again.

    Parameters
    ----------
    judged
        What kube-scheduler said of the scene.
    told
        What restow says otherwise of a smaller scene.
    tries
        How many smaller scenes are put before it at most.
    """
    trial = _Trial(oracle, told)
    taken = _taken(scene, judged, wrong)
    if trial.disagrees(taken):
        Reducer(trial.disagrees, tries=tries).smallest(taken)
    return None if trial.last is None else _trimmed(trial.last)


class _Trial:
    """Asks about one scene after another, and remembers the last that showed a disagreement."""

    def __init__(self, oracle: Oracle, told: Told) -> None:
        self._oracle = oracle
        self._told = told
        self._number = 0
        self.last: Shrunk | None = None

    def disagrees(self, scene: Scene) -> bool:
        """Return whether the two disagree on the last pod, also after a longer wait."""
        if self._asked(scene, SETTLE_S) is None:
            return False
        found = self._asked(scene, DOUBT_S)
        self.last = found or self.last
        return found is not None

    def _asked(self, scene: Scene, settle_s: float) -> Shrunk | None:
        self._number += 1
        fresh = renamed(scene, f"{scene.name}.{self._number}")
        try:
            recorded = self._oracle.judge(fresh, settle_s=settle_s, told=_unheard)
        except (NoVerdictError, ApiError):  # what was removed is still there, on a busy machine
            return None
        if not _is_whole(fresh, recorded):
            return None
        last = len(fresh.probes) - 1
        for wrong in self._told(recorded):
            if wrong.index == last:
                return Shrunk(scene=fresh, recorded=recorded, wrong=wrong)
        return None


def _trimmed(found: Shrunk) -> Shrunk:
    """Leave out what all scenes share and this one has no use for."""
    scene = trimmed(found.scene)
    named = {_key(each) for each in scene.objects}
    objects = tuple(
        each for each in found.recorded.objects if each["kind"] not in KEPT or _key(each) in named
    )
    return replace(found, scene=scene, recorded=replace(found.recorded, objects=objects))


def _unheard(_manifest: Json, _error: ApiError) -> None:
    """A smaller object that no cluster takes is no surprise."""


def _taken(scene: Scene, judged: Recorded, wrong: Disagreement) -> Scene:
    """Leave out what the API server did not take, and the pods that came after the one in doubt."""
    there = {_key(each) for each in judged.objects}
    asked = {_key(each.pod) for each in judged.verdicts[: wrong.index + 1]}
    return replace(
        scene,
        objects=tuple(e for e in scene.objects if e["kind"] in KEPT or _key(e) in there),
        probes=tuple(each for each in scene.probes if _key(each.pod) in asked),
    )


def _is_whole(scene: Scene, recorded: Recorded) -> bool:
    """Tell whether the API server took everything."""
    there = {_key(each) for each in recorded.objects}
    return len(recorded.verdicts) == len(scene.probes) and all(
        _key(each) in there for each in scene.objects if each["kind"] not in KEPT
    )


def _key(document: Json) -> tuple[str, str, str]:
    meta: dict[str, Any] = document["metadata"]
    return document["kind"], meta.get("namespace", ""), meta["name"]


def _steps(documents: Sequence[Json]) -> Iterator[str]:
    """Yield what to do beyond `kubectl apply -f`."""
    if any("status" in each and each["kind"] != "Node" for each in documents):
        yield "# then: kubectl apply --server-side --subresource=status -f"
    leaving = [each for each in documents if each["metadata"].get("deletionTimestamp")]
    for each in leaving:
        yield f"# then: kubectl delete --wait=false {each['kind']} {each['metadata']['name']}"
