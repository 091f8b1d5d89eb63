"""The `local` backend: real Kubernetes binaries started by kwokctl, without containers."""

import fcntl
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from e2e.cluster.backend import ClusterError
from e2e.cluster.workdir import Workdir
from e2e.controlplane.build import KUBERNETES, binary, build

STAGES: Final = Path(__file__).with_name("stages.yaml")
AUDIT: Final = Path(__file__).with_name("audit.yaml")
COMPONENTS: Final = {
    "kube-apiserver": "kube-apiserver",
    "kube-controller-manager": "kube-controller-manager",
    "kube-scheduler": "kube-scheduler",
    "etcd": "etcd",
    "kwok-controller": "kwok",
}
TIMEOUT_S: Final = 180
ATTEMPTS: Final = 3


def create_command(name: str, kubeconfig: Path, options: tuple[str, ...]) -> list[str]:
    """Return the kwokctl call that starts the control plane and waits for it."""
    return [
        *_kwokctl("create", name),
        *options,
        "--runtime=binary",
        f"--kubeconfig={kubeconfig}",
        *(f"--{part}-binary={binary(built)}" for part, built in COMPONENTS.items()),
        "--disable-qps-limits",
        "--wait=120s",
    ]


PLAYED: Final = (f"--config={STAGES}", f"--kube-audit-policy={AUDIT}")
"""A cluster whose nodes KWOK plays, and that notes what the operator asks of it."""


class LocalCluster:
    """A control plane of its own on random ports; several can run side by side.

    Parameters
    ----------
    options
        What kwokctl is told about the cluster beyond the binaries.
    """

    runs_images = False

    def __init__(self, options: tuple[str, ...] = PLAYED) -> None:
        self._options = options
        self._workdir = Workdir()
        self.name = self._workdir.path.name

    @property
    def workdir(self) -> Path:
        return self._workdir.path

    @property
    def environment(self) -> dict[str, str]:
        return self._workdir.environment | {
            "KWOK_WORKDIR": str(self.workdir / "kwok"),
            "KWOK_KUBE_VERSION": KUBERNETES,
        }

    @property
    def audit_log(self) -> Path:
        """What the API server noted of the operator's requests, one JSON document per line."""
        return self.workdir / "kwok" / "clusters" / self.name / "logs" / "audit.log"

    def create(self) -> Path:
        build()
        self._workdir.undo_with(_kwokctl("delete", self.name))
        kubeconfig = self.workdir / "kubeconfig"
        command = create_command(self.name, kubeconfig, self._options)
        for attempt in range(1, ATTEMPTS + 1):
            done = self._one_at_a_time(command)
            if done.returncode == 0:
                return kubeconfig
            if attempt < ATTEMPTS:  # another program may have taken a port that kwokctl had chosen
                self._one_at_a_time(_kwokctl("delete", self.name))
        raise ClusterError(f"kwokctl could not start the control plane:\n{done.stderr[-2000:]}")

    def delete(self) -> None:
        self._workdir.close()

    def _one_at_a_time(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        """Run kwokctl while no other run does: it looks for free ports and takes them later."""
        lock = Path(tempfile.gettempdir()) / f"restow-e2e.{os.getuid()}.lock"
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            return subprocess.run(
                command,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=TIMEOUT_S,
            )


def _kwokctl(verb: str, name: str) -> list[str]:
    return [str(binary("kwokctl")), verb, "cluster", f"--name={name}"]
