"""A trace under one variant after the other."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version

from restow.sharing.problem import FULL
from restow.simulation.replay import measuring
from restow.simulation.replay.ledger import Json, Sample
from restow.simulation.replay.operating import OperatorPlanner
from restow.simulation.replay.options import Options, Variant
from restow.simulation.replay.planner import Planner, SharingPlanner
from restow.simulation.replay.replay import Replay
from restow.simulation.replay.sorting import sort
from restow.simulation.replay.storing import Keeper
from restow.simulation.traces.trace import Trace


def planner_of(trace: Trace, options: Options) -> Planner:
    """Return who plans: the engine of shared devices, or the operator's where nobody shares one."""
    if any(0 < pod.milli < FULL for pod in trace.pods):
        return SharingPlanner(work=options.work, seed=options.seed)
    return OperatorPlanner(work=options.work, seed=options.seed)


Tell = Callable[[Variant, float], None]
"""Is told how far a variant is, from 0 to 1."""


def key_of(trace: Trace, variants: Sequence[Variant], options: Options) -> str:
    """Return what a state file must match to be gone on with."""
    asked = (version("restow"), trace.digest, [asdict(each) for each in variants], asdict(options))
    return sha256(repr(asked).encode()).hexdigest()


def simulate(  # noqa: PLR0913 - half of them by name
    trace: Trace,
    variants: Sequence[Variant],
    options: Options,
    planner: Planner,
    *,
    keeper: Keeper,
    tell: Tell = lambda _variant, _part: None,
) -> Json:
    """Return what becomes of the trace under each variant; goes on from the keeper's state.

    Raises
    ------
    InputError
        The state cannot be used or written.
    ModelError
        A node was overfilled, or a pod moved too soon: a bug.
    """
    found = sort(trace)
    kept = keeper.load() or {"runs": [], "current": None}
    runs: list[Json] = list(kept["runs"])
    current = kept["current"]
    for variant in variants[len(runs) :]:
        replay = Replay(trace, found, variant, options, planner)
        if current is not None:
            replay.recall(current)
            current = None

        def watch(at: Replay, variant: Variant = variant) -> None:
            tell(variant, at.now / trace.ends_s if trace.ends_s else 1.0)
            keeper.offer(lambda: {"runs": runs, "current": at.remember()})

        runs.append(replay.run(watch))
        keeper.save({"runs": runs, "current": None})
        tell(variant, 1.0)
    devices = measuring.by_devices(found.workload)
    nodes = trace.nodes
    return {
        "resource": "GPU" if devices else "CPU",
        "trace": {
            "digest": trace.digest,
            "torn": trace.torn,
            "nodes": len(nodes),
            "capacity": sum(n.devices for n in nodes)
            if devices
            else sum(n.cpu_m for n in nodes) / measuring.UNIT,
            "pods": len(trace.pods),
            "seconds": trace.ends_s,
        },
        "options": asdict(options),
        "columns": list(Sample._fields),
        "runs": runs,
    }
