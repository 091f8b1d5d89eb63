"""The `current` backend: whatever cluster the kubeconfig points to, left as it was found."""

import subprocess
from pathlib import Path
from typing import Final

from e2e.cluster.backend import ClusterError
from e2e.cluster.kwok import PlayedCluster
from e2e.controlplane.build import binary, build

OURS: Final = "e2e.restow.dev/run"
"""Label on everything that the harness itself puts into a cluster."""

CLUSTER_SCOPED: Final = (
    "namespaces",
    "nodes",
    "priorityclasses",
)


class CurrentCluster(PlayedCluster):
    """A cluster that was there before; refuses one that has a restow already."""

    runs_images = False

    def create(self) -> Path:
        build()
        kubeconfig = self.workdir / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(self._kubectl("config", "view", "--minify", "--flatten"))
        if self._kubectl("get", "crd", "packingplans.restow.dev", "--ignore-not-found", "-oname"):
            raise ClusterError("the current cluster has a restow already; use another one")
        self._workdir.undo_with(*undo_commands(kubeconfig))
        self.play(kubeconfig)
        return kubeconfig

    def _kubectl(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(binary("kubectl")), *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ClusterError(f"the current cluster does not answer: {done.stderr.strip()}")
        return done.stdout


def undo_commands(kubeconfig: Path) -> list[list[str]]:
    """Return the calls that remove everything the harness and its release put into the cluster."""
    kubectl = [str(binary("kubectl")), f"--kubeconfig={kubeconfig}"]
    helm = [str(binary("helm")), f"--kubeconfig={kubeconfig}"]
    delete = [*kubectl, "delete", "--ignore-not-found", "--wait=false"]
    return [
        [*helm, "uninstall", "restow", "--namespace=restow-system", "--ignore-not-found"],
        *([*delete, kind, f"--selector={OURS}"] for kind in CLUSTER_SCOPED),
        [*delete, "crd", "packingplans.restow.dev", "packingpolicies.restow.dev"],
    ]
