"""From an instance's start state to the answer of an engine."""

import resource
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.priority_matters import paper
from benchmarks.priority_matters.instances import RESOURCES, Instance
from benchmarks.priority_matters.scheduler import Cluster
from restow.core.errors import ModelError
from restow.packing.check import check
from restow.packing.choosing import CLASSES, engine_for
from restow.packing.climbing import Choice, climbed
from restow.packing.disturbance import disturbance
from restow.packing.ladder import Budget
from restow.packing.outcome import Level, LevelKind, Outcome
from restow.packing.problem import Order, PodClass, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an engine answered; counts per tier of the problem, highest first.

    `by` is the engine that restow chose; `refusal` what its checker says of the answer.
    """

    placed: list[int]
    bound: list[int]
    proven: bool
    moves: int
    evictions: int
    seconds: float
    levels: list[str]
    by: str
    refusal: str = ""


def formulate(instance: Instance, start: Cluster, order: Order) -> Problem:
    """Return the Problem: per ReplicaSet a class of running and one of pending pods."""
    everywhere = tuple(range(instance.nodes))
    classes = []
    for index, each in enumerate(instance.sets):
        tier = instance.priorities - each.priority
        at = tuple((n, start.at[n][index]) for n in everywhere if start.at[n][index])
        if at:
            classes.append(
                PodClass(
                    demand=each.demand,
                    tier=tier,
                    allowed=everywhere,
                    running=at,
                    movable=True,
                    evictable=True,
                )
            )
        if start.pending[index]:
            classes.append(
                PodClass(
                    demand=each.demand,
                    tier=tier,
                    allowed=everywhere,
                    pending=start.pending[index],
                )
            )
    return Problem(
        resources=RESOURCES,
        capacity=(instance.capacity,) * instance.nodes,
        tiers=tuple(range(instance.priorities, 0, -1)),
        classes=tuple(classes),
        order=order,
    )


def run(engine: str, problem: Problem, window_s: float) -> Result:
    """Run `ours`, `classes` (CP-SAT over classes alone) or `paper` on the problem."""
    if engine == "paper":
        return _paper(problem, window_s)
    choice = CLASSES if engine == "classes" else engine_for(problem, window_s)
    return _ours(problem, window_s, choice)


def _ours(problem: Problem, window_s: float, choice: Choice) -> Result:
    budget = Budget(total=window_s, deterministic=False, seed=0)
    outcome = climbed(problem, budget, choice)
    seconds = budget.wall_s()
    upset = disturbance(problem, outcome)
    tiers = range(len(problem.tiers))
    placed = [0] * len(problem.tiers)
    for pods, row in zip(problem.classes, outcome.placement, strict=True):
        placed[pods.tier] += sum(count for _, count in row)
    return Result(
        placed=placed,
        bound=[sum(x.bound for x in outcome.levels if _places(x, t)) for t in tiers],
        proven=all(level.proven for level in outcome.levels if level.kind is not LevelKind.NODES),
        moves=upset.moves,
        evictions=upset.evictions,
        seconds=seconds,
        levels=[f"{x.kind}{x.tier}:{x.value}/{x.bound}" for x in outcome.levels],
        by=outcome.engine,
        refusal=_refusal(problem, outcome),
    )


def _places(level: Level, tier: int) -> bool:
    return level.tier == tier and level.kind in (LevelKind.KEEP, LevelKind.PLACE)


def _paper(problem: Problem, window_s: float) -> Result:
    began = time.perf_counter()
    answer = paper.solve(problem, window_s=window_s)
    return Result(
        placed=answer.placed,
        bound=answer.bound,
        proven=answer.proven,
        moves=answer.moves,
        evictions=answer.evictions,
        seconds=time.perf_counter() - began,
        levels=[],
        by="paper",
    )


def _refusal(problem: Problem, outcome: Outcome) -> str:
    try:
        check(problem, outcome)
    except ModelError as error:
        return str(error)
    return ""


def family(pid: int | None) -> list[int]:
    """Return the process and those that it began, and so on (Linux); nobody for None."""
    found = [] if pid is None else [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def forget_peak() -> None:
    """Let `rss_mib` count from here, where the kernel can (Linux, `/proc/self/clear_refs`)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def rss_mib() -> int:
    """Return the largest resident size of this process since `forget_peak`, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def pss_mib(pids: Iterable[int]) -> int:
    """Return what processes hold now, in MiB, pages that are shared divided among their users."""
    found = 0
    for pid in pids:
        with suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            found += int(rollup.partition("Pss:")[2].split()[0])
    return found // 1024
