"""What a way to get a cluster must offer; scenarios share everything beyond it."""

from pathlib import Path
from typing import Protocol


class Backend(Protocol):
    """One cluster, from its creation to its end."""

    @property
    def workdir(self) -> Path:
        """Directory for kubeconfigs and logs; it goes when the cluster goes."""

    @property
    def environment(self) -> dict[str, str]:
        """Environment of every process started for this cluster; it ends with the cluster."""

    @property
    def runs_images(self) -> bool:
        """Whether a pod can really run here, so that the operator runs from its image."""

    def create(self) -> Path:
        """Bring the cluster up and return its kubeconfig."""

    def delete(self) -> None:
        """Remove the cluster, or what was put into it; doing it twice is doing it once."""


class ClusterError(RuntimeError):
    """The cluster could not be brought up; the message says why and where to look."""
