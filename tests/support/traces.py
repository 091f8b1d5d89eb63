"""Builders of traces."""

import json
from typing import Any

from restow.simulation.placing.names import PolicyName
from restow.simulation.replay.options import Options, Variant
from restow.simulation.replay.replay import Replay
from restow.simulation.replay.simulate import planner_of
from restow.simulation.replay.sorting import sort
from restow.simulation.traces.drawing import Demand, arrivals, example_nodes, example_pods
from restow.simulation.traces.reading import parse
from restow.simulation.traces.trace import Trace
from restow.simulation.traces.writing import lines

HEADER: dict[str, Any] = {"restow": "trace", "version": 1}
NODE: dict[str, Any] = {"node": "n1", "cpu": "8", "memory": "32Gi", "gpus": 2}
OPTIONS = Options(
    seed=1, every_s=600, look_s=300, cooldown_s=900, sample_s=60, warm_up_s=0, work=0.05
)


def text_of(*told: dict[str, Any]) -> str:
    """The text of a trace file of these lines."""
    return "".join(json.dumps(line) + "\n" for line in told)


def a_trace(*told: dict[str, Any]) -> Trace:
    """A trace of one node with two GPUs, and of these lines."""
    return parse(text_of(HEADER, NODE, *told), "t")


def drawn(*, gpus: int = 4, load: float = 1.2, hours: float = 3, seed: int = 1) -> Trace:
    """A busy cluster of three nodes whose pods run for half an hour."""
    made = example_nodes(3, gpus)
    demand = Demand(load=load, runs_s=1800, days=hours / 24, seed=seed)
    told = lines(made, arrivals(made, example_pods(gpus), demand), 3600 * hours)
    return parse("".join(f"{line}\n" for line in told), "t")


def replay_of(
    trace: Trace,
    policy: PolicyName = PolicyName.KUBE_SCHEDULER,
    migrations: int | str = 0,
    options: Options = OPTIONS,
    *,
    fallback: bool = False,
) -> Replay:
    """A replay that has not begun."""
    variant = Variant(policy=policy, migrations=migrations, fallback=fallback)
    return Replay(trace, sort(trace), variant, options, planner_of(trace, options))
