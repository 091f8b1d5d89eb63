"""The `kind` backend: a cluster in containers, in which the operator runs from its own image."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from e2e.cluster.backend import ClusterError
from e2e.cluster.kwok import PlayedCluster
from e2e.cluster.workdir import ROOT
from e2e.controlplane.build import binary, build

CONFIG: Final = ROOT / "kind-config.yaml"
IMAGE: Final = "restow:e2e"
TIMEOUT_S: Final = 900


def create_command(name: str, kubeconfig: Path) -> list[str]:
    """Return the kind call that creates the cluster and waits for its control plane."""
    return [
        *_kind("create", "cluster", name),
        f"--config={CONFIG}",
        f"--kubeconfig={kubeconfig}",
        "--wait=180s",
    ]


def image_commands(name: str) -> list[list[str]]:
    """Return the calls that build the operator's image and put it onto the cluster's nodes."""
    return [
        [container_engine(), "build", "--tag", IMAGE, str(ROOT)],
        [*_kind("load", "docker-image", name), IMAGE],
    ]


def container_engine() -> str:
    """Return the program that builds images: the one kind is told to use, or docker."""
    return os.environ.get("KIND_EXPERIMENTAL_PROVIDER") or "docker"


class KindCluster(PlayedCluster):
    """A kind cluster of its own; needs docker or podman."""

    runs_images = True

    def __init__(self) -> None:
        super().__init__()
        self.name = self.workdir.name.replace("_", "-")

    def create(self) -> Path:
        if shutil.which(container_engine()) is None:
            raise ClusterError(f"--cluster=kind needs {container_engine()}, which is not here")
        build()
        self._workdir.undo_with(_kind("delete", "cluster", self.name))
        kubeconfig = self.workdir / "kubeconfig"
        for command in (create_command(self.name, kubeconfig), *image_commands(self.name)):
            self._run(command)
        self.play(kubeconfig)
        return kubeconfig

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        if done.returncode != 0:
            raise ClusterError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")


def _kind(verb: str, what: str, name: str) -> list[str]:
    return [str(binary("kind")), verb, what, f"--name={name}"]
