"""What restow's rules say of a recorded scene, beside what kube-scheduler said."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

from e2e.client import Json
from e2e.conform.giving import difference
from e2e.conform.profiles import PROFILES
from e2e.conform.scene import Recorded, Verdict
from restow.cluster.assembly import assemble
from restow.cluster.objects import NodeSelectorTerm, Pod
from restow.cluster.parse import KINDS
from restow.cluster.parts import Object
from restow.cluster.snapshot import Snapshot
from restow.rules.board import Board
from restow.rules.placement import scheduling_gates
from restow.rules.registry import RULES
from restow.rules.rule import Rule
from restow.rules.survey import Survey
from restow.sources.scheduler_config import added_affinity

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
GATED: Final = "SchedulingGated"
NO_NODES: Final = "no nodes available to schedule pods"
ERROR: Final = "SchedulerError"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One pod that the two judge differently.

    Parameters
    ----------
    scene
        Name of the scene.
    index, pod
        Place of the pod among those that were judged, and its name.
    theirs, ours
        What each says: `node NAME`, or why not, in kube-scheduler's words.
    """

    scene: str
    index: int
    pod: str
    topics: tuple[str, ...]
    theirs: str
    ours: str


def disagreements(scene: Recorded, rules: Sequence[Rule] = RULES) -> Iterator[Disagreement]:
    """Yield the disagreements of a scene, in the order of its pods."""
    return (wrong for _, wrong in answers(scene, rules) if wrong is not None)


def answers(
    scene: Recorded, rules: Sequence[Rule] = RULES
) -> Iterator[tuple[Verdict, Disagreement | None]]:
    """Yield what kube-scheduler said of each pod of a scene, with the disagreement if there is one.

    The rules are asked of a pod just before it is yielded.
    """
    found: dict[tuple[str, str, str], Object] = dict(_parsed(scene.objects))
    snapshot = _snapshot(found)
    for index, verdict in enumerate(scene.verdicts):
        if verdict.came:
            found |= dict(_parsed(verdict.came))
            snapshot = _snapshot(found)
        ours = _answer(verdict, snapshot, rules) or difference(verdict, snapshot)
        if ours is None:
            yield verdict, None
        else:
            yield (
                verdict,
                Disagreement(
                    scene=scene.name,
                    index=index,
                    pod=verdict.pod["metadata"]["name"],
                    topics=verdict.topics,
                    theirs=_said(verdict),
                    ours=ours,
                ),
            )
        after = list(verdict.changed)
        if verdict.node is not None:
            spec = {**verdict.pod["spec"], "nodeName": verdict.node}
            after.append({**verdict.pod, "spec": spec})
        if after:
            found |= dict(_parsed(after))
            snapshot = _snapshot(found)


def _answer(verdict: Verdict, snapshot: Snapshot, rules: Sequence[Rule]) -> str | None:
    """Return what restow says when kube-scheduler says otherwise."""
    pod = KINDS["Pod"].from_document(verdict.pod)
    assert isinstance(pod, Pod)
    gates = scheduling_gates.refuse(pod)
    if gates is not None or verdict.reason == GATED:
        if gates is not None and verdict.reason == GATED:
            return None
        return "gated" if gates is not None else "not gated"
    survey = Survey.of(pod, Board(snapshot), rules=rules, nominated=snapshot.nominated)
    feasible = survey.feasible()
    if verdict.reason == ERROR and (survey.aborted or survey.unbindable):
        why = survey.aborted or survey.unbindable
        texts = [text for each in why for text in each.upstream]
        is_one = any(verdict.message.startswith(text) for text in texts)
        return None if is_one else f"{ERROR}: {' | '.join(texts)}"
    if verdict.node is not None:
        return None if verdict.node in feasible else _refused(survey, snapshot)
    if feasible:
        return f"nodes {', '.join(feasible)}"
    ours = _refused(survey, snapshot)
    return None if ours == _said(verdict) else ours


def _refused(survey: Survey, snapshot: Snapshot) -> str:
    """Return the refusal as kube-scheduler writes it (`framework/types.go: FitError`)."""
    total = len(snapshot.nodes)
    if not snapshot.nodes:
        return NO_NODES
    if survey.everywhere is not None:
        why = ", ".join(survey.everywhere.upstream)
    else:
        why = ", ".join(sorted(f"{number} {text}" for text, number in survey.tally().items()))
    return f"{total - len(survey.feasible())}/{total}: {why}"


def _said(verdict: Verdict) -> str:
    if verdict.node is not None:
        return f"node {verdict.node}"
    if verdict.reason != "Unschedulable":
        return f"{verdict.reason}: {verdict.message}"
    if verdict.message == NO_NODES:
        return NO_NODES
    head, _, why = verdict.message.partition(" nodes are available: ")
    return f"{head.removeprefix('0/')}/{head.removeprefix('0/')}: {_stripped(why)}"


def _stripped(why: str) -> str:
    """Cut off what PostFilter says: preemption, which may have no node to look at; devices."""
    said = why.partition(" preemption: ")[0].partition(" deallocation of ResourceClaim")[0]
    return said.removesuffix(". not found").removesuffix(".")


def _parsed(documents: Iterable[Json]) -> Iterator[tuple[tuple[str, str, str], Object]]:
    for each in documents:
        kind = KINDS.get(each["kind"])
        parsed = None if kind is None else kind.from_document(each)
        if parsed is not None:
            meta = each["metadata"]
            yield (each["kind"], meta.get("namespace", ""), meta["name"]), parsed


def _snapshot(found: dict[tuple[str, str, str], Object]) -> Snapshot:
    return assemble(found.values(), taken_at=EPOCH, added_affinity=_profiles())


@cache
def _profiles() -> Mapping[str, tuple[NodeSelectorTerm, ...]]:
    return added_affinity(PROFILES)
