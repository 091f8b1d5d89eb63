"""What an operator process is told at start."""

from dataclasses import dataclass
from pathlib import Path

from restow.core.ids import Uid
from restow.sources.prometheus import Prometheus


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one operator process; times in seconds.

    Parameters
    ----------
    namespace
        Where the lease and the gate's parameter object live.
    identity
        Holder of the lease; the pod's name in a cluster. A process that starts again under the
        same identity has its lease back at once.
    pod_uid
        Uid of the operator's pod, which then owns the gate's parameter object; empty outside of a
        cluster.
    kubeconfig, context
        How to reach the cluster; None for the environment's own way.
    scheduler_config
        File with kube-scheduler's configuration, for the node affinity that its profiles add; None
        where they add none. It is read once, at start.
    dask_scheduler
        Address of the Dask cluster that solves parts of large problems; empty for local processes.
    prometheus
        Asked how fast virtual machines write their memory; None for nobody.
    metrics_port, probe_port
        Ports of `/metrics` and of the probes; 0 for none.
    stale_after_s
        A view older than this is not decided on.
    idle_s
        Longest pause between two turns when nothing changes; windows and hourly limits open with
        the clock, not with the cluster.
    acting_s
        Longest pause between two turns while a plan is carried out.
    """

    namespace: str
    identity: str
    pod_uid: Uid = Uid("")  # noqa: RUF009 - a NewType, no call of ours
    kubeconfig: Path | None = None
    context: str | None = None
    scheduler_config: Path | None = None
    dask_scheduler: str = ""
    prometheus: Prometheus | None = None
    metrics_port: int = 9090
    probe_port: int = 8080
    stale_after_s: float = 30.0
    idle_s: float = 10.0
    acting_s: float = 0.25
