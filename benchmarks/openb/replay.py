"""Replays arrivals on an empty cluster: one pod at a time, no moves; who fits nowhere is lost."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.openb.trace import arrivals, read
from restow.simulation.placing.cluster import empty, shift
from restow.simulation.placing.names import PolicyName
from restow.simulation.placing.policies import policy_of

POLICIES = {
    "random": PolicyName.RANDOM,
    "bestfit": PolicyName.BEST_FIT,
    "fgd": PolicyName.FGD,
    "restow": PolicyName.BIDS,
}
"""The policies of the published experiments, and the one by bid prices."""

DEMANDS = (90, 95, 100, 130)
"""Per cent of the devices that have been asked for."""


def replay(data: Path, name: str, seed: int, policy_name: str) -> dict[str, Any]:
    """Return the allocation at each demand: the mean while so much has arrived, in per cent."""
    began = time.monotonic()
    pods = read(data, name)
    order, rank = arrivals(data, name, seed)
    cluster, fleet = empty(pods.workload, rank)
    dice = np.random.default_rng(seed)
    policy = policy_of(POLICIES[policy_name], pods.workload, cluster, fleet, dice)
    total, gain = pods.workload.capacity(), fleet.kinds.gain
    arrived = used = failed = 0
    seen: dict[int, list[float]] = {demand: [] for demand in DEMANDS}
    for pod in order.tolist():
        kind = int(pods.kind[pod])
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
