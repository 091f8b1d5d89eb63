"""A KWOK controller of our own beside a cluster that has none: it plays the nodes we make."""

import subprocess
import time
from pathlib import Path
from typing import Final

from e2e.cluster.backend import ClusterError
from e2e.cluster.local import STAGES
from e2e.cluster.workdir import Workdir
from e2e.controlplane.build import binary

PLAYED: Final = "kwok.x-k8s.io/node=fake"
"""Annotation of a node that KWOK plays; other nodes of the cluster are left alone."""

SETTLE_S: Final = 1.0


class PlayedCluster:
    """The part that clusters with a controller of ours have in common: its run and its end."""

    def __init__(self) -> None:
        self._workdir = Workdir()
        self._kwok: subprocess.Popen[bytes] | None = None

    @property
    def workdir(self) -> Path:
        return self._workdir.path

    @property
    def environment(self) -> dict[str, str]:
        return self._workdir.environment

    def play(self, kubeconfig: Path) -> None:
        """Start the controller."""
        self._kwok = start(kubeconfig, self.workdir / "kwok.log", self.environment)

    def delete(self) -> None:
        self._workdir.close()
        if self._kwok is not None:
            self._kwok.wait()


def command(kubeconfig: Path) -> list[str]:
    """Return the call that starts the controller."""
    return [
        str(binary("kwok")),
        f"--kubeconfig={kubeconfig}",
        f"--config={STAGES}",
        f"--manage-nodes-with-annotation-selector={PLAYED}",
        "--node-lease-duration-seconds=40",
    ]


def start(kubeconfig: Path, log: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start the controller; it ends with the run that `environment` marks.

    Raises
    ------
    ClusterError
        If it ends at once.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(
            command(kubeconfig),
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    time.sleep(SETTLE_S)
    if process.poll() is not None:
        raise ClusterError(f"the KWOK controller ended:\n{log.read_text()[-2000:]}")
    return process
