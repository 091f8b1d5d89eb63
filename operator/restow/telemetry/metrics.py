"""Counters and gauges of the operator in Prometheus' format.

Labels are small closed sets (phases, reasons, kinds of act, target shapes); no pod, node or plan is
a label, so that the number of series does not grow with the cluster.
"""

import threading
from collections.abc import Callable
from typing import Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    start_http_server,
)

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series per counter
REGISTRY: Final = CollectorRegistry()
for _collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
    REGISTRY.register(_collector)

PENDING_PODS: Final = Gauge(
    "restow_pending_pods",
    "Pods that kube-scheduler called unschedulable and that a policy covers, past its grace.",
    ["policy"],
    registry=REGISTRY,
)
PENDING_SEEN: Final = Counter(
    "restow_pending_pods_seen_total",
    "Pods that became pending past the grace of a policy.",
    ["policy"],
    registry=REGISTRY,
)
PLANS: Final = Counter(
    "restow_plans_total",
    "Plans by what asked for them, how the solve ended, and the phase they reached.",
    ["trigger", "outcome", "phase"],
    registry=REGISTRY,
)
SOLVE_SECONDS: Final = Histogram(
    "restow_solve_seconds",
    "Seconds from the snapshot to the decision, model building included.",
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300),
    registry=REGISTRY,
)
PODS_PLACED: Final = Counter(
    "restow_pods_placed_total",
    "Pending pods that got their node by a plan.",
    registry=REGISTRY,
)
MOVES: Final = Counter(
    "restow_moves_total",
    "Pods moved from one node to another by a plan, by what asked for it.",
    ["trigger"],
    registry=REGISTRY,
)
EVICTIONS: Final = Counter(
    "restow_evictions_total",
    "Pods evicted by a plan and left without a place, by what asked for it.",
    ["trigger"],
    registry=REGISTRY,
)
ACTS: Final = Counter(
    "restow_acts_total",
    "Writes to the cluster by kind and by the API server's answer.",
    ["kind", "result"],
    registry=REGISTRY,
)
UNPLACED: Final = Gauge(
    "restow_unplaced_pods",
    "Pending pods that the latest plan of a policy leaves without a node, by reason.",
    ["policy", "reason"],
    registry=REGISTRY,
)
HOURLY_USE: Final = Gauge(
    "restow_hourly_use",
    "Moves and evictions of the last hour that count against the policy's limits.",
    ["policy", "kind"],
    registry=REGISTRY,
)
HOURLY_LIMIT: Final = Gauge(
    "restow_hourly_limit",
    "Moves and evictions that the policy allows per hour; absent without a limit.",
    ["policy", "kind"],
    registry=REGISTRY,
)
FRAGMENTATION: Final = Gauge(
    "restow_fragmentation_ratio",
    "Share of the free room that a target shape cannot use, when it was last looked at.",
    ["policy", "shape"],
    registry=REGISTRY,
)
FRAGMENTATION_BOUND: Final = Gauge(
    "restow_fragmentation_bound_ratio",
    "Least fragmentation over all shapes that any plan within the migration limit could leave.",
    ["policy"],
    registry=REGISTRY,
)
SHAPE_COPIES: Final = Gauge(
    "restow_shape_copies",
    "Copies of a target shape that fit, when it was last looked at.",
    ["policy", "shape"],
    registry=REGISTRY,
)
MOVED_BACK: Final = Gauge(
    "restow_moved_back",
    "Workloads that one plan moved to another node and a later one back, as far as plans are kept.",
    ["policy"],
    registry=REGISTRY,
)
LOOKS: Final = Counter(
    "restow_looks_total",
    "Times that rescheduling was due under a policy, by what came of it: a plan, or why none did.",
    ["policy", "result"],
    registry=REGISTRY,
)
STALENESS: Final = Gauge(
    "restow_staleness_seconds",
    "Seconds since the oldest watch last heard from the API server.",
    registry=REGISTRY,
)
UNKNOWN: Final = Gauge(
    "restow_unknown_kinds",
    "Kinds of others' CRDs that are served and cannot be read now; what needs them is left alone.",
    registry=REGISTRY,
)
LEADER: Final = Gauge(
    "restow_leader", "1 while this process holds the lease, else 0.", registry=REGISTRY
)
ERRORS: Final = Counter(
    "restow_errors_total", "Unexpected errors by kind of exception.", ["kind"], registry=REGISTRY
)


def serve(port: int, address: str = "0.0.0.0") -> Callable[[], None]:  # noqa: S104 - a pod's port
    """Serve `/metrics` from a thread of its own; returns the function that stops it.

    Raises
    ------
    OSError
        When the port is taken.
    """
    server: WSGIServer
    thread: threading.Thread
    server, thread = start_http_server(port, addr=address, registry=REGISTRY)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)

    return stop
