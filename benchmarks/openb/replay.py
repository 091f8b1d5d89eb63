"""Replays arrivals on an empty cluster: one pod at a time, no moves; who fits nowhere is lost."""

import time
from pathlib import Path
from typing import Any

from benchmarks.openb.baselines import BestFit, Fgd, Policy, Random
from benchmarks.openb.bids import Bids
from benchmarks.openb.cluster import Cluster, capacity, empty, shift
from benchmarks.openb.trace import Trace, arrivals, read
from restow.sharing.arrays import Fleet

POLICIES = ("random", "bestfit", "fgd", "restow")

DEMANDS = (90, 95, 100, 130)
"""Per cent of the devices that have been asked for."""


def policy_of(name: str, trace: Trace, cluster: Cluster, fleet: Fleet, seed: int) -> Policy:
    """Return a policy of `POLICIES`."""
    match name:
        case "random":
            return Random(seed)
        case "bestfit":
            return BestFit(cluster)
        case "fgd":
            return Fgd(trace)
        case _:
            return Bids(trace, fleet)


def replay(data: Path, name: str, seed: int, policy_name: str) -> dict[str, Any]:
    """Return the allocation at each demand: the mean while so much has arrived, in per cent."""
    began = time.monotonic()
    trace = read(data, name)
    order, rank = arrivals(data, name, seed)
    cluster, fleet = empty(trace, rank)
    policy = policy_of(policy_name, trace, cluster, fleet, seed)
    total, gain = capacity(trace), fleet.kinds.gain
    arrived = used = failed = 0
    seen: dict[int, list[float]] = {demand: [] for demand in DEMANDS}
    for pod in order.tolist():
        kind = int(trace.kind[pod])
        arrived += int(gain[kind])
        node, mask = policy.seat(cluster, kind)
        if node >= 0:
            shift(cluster, node, kind, mask, -1)
            used += int(gain[kind])
        else:
            failed += 1
        demand = round(100 * arrived / total)
        if demand in seen:
            seen[demand].append(100 * used / total)
    at = {f"alloc_{d}": round(sum(v) / len(v), 3) for d, v in seen.items() if v}
    result = {"trace": name, "seed": seed, "policy": policy_name, **at, "failed": failed}
    return {**result, "seconds": round(time.monotonic() - began, 2)}
