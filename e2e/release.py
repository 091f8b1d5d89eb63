"""restow's chart in a cluster, installed by real helm, and what its operator runs with."""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from e2e.client import Client, Json
from e2e.cluster.backend import Backend
from e2e.cluster.current import OURS
from e2e.cluster.kind import IMAGE
from e2e.cluster.workdir import ROOT
from e2e.nodes import SYSTEM, SYSTEM_TAINT, a_node
from e2e.waiting import eventually

CHART: Final = ROOT / "charts" / "restow"
NAME: Final = "restow"
NAMESPACE: Final = "restow-system"
METRICS_PORT: Final = 9090
SYSTEM_NODE: Final = "restow-system"
INSTALL_TIMEOUT_S: Final = 120


class Identity(NamedTuple):
    """The chart's pod: what the operator process runs as when it is started beside it."""

    kubeconfig: Path
    """Holds the address of the API server and a token of the chart's ServiceAccount, no more."""
    environment: dict[str, str]
    """What the chart sets for the container, the downward API's values filled in."""
    arguments: list[str]
    """What the chart passes to `restow`."""


class Release:
    """The chart, installed once per cluster."""

    def __init__(self, client: Client, backend: Backend) -> None:
        self._client = client
        self._backend = backend

    def install(self, values: Json | None = None) -> None:
        """Install the chart and wait for its pod; `values` override what the harness sets.

        Raises
        ------
        ApiError
            If the namespace `restow-system` exists already.
        """
        if not self._backend.runs_images:
            system = a_node(SYSTEM_NODE, labels={SYSTEM: "true", OURS: "true"})
            self._client.create(system | {"spec": {"taints": [SYSTEM_TAINT]}})
        space = {"apiVersion": "v1", "kind": "Namespace"}
        self._client.create(space | {"metadata": {"name": NAMESPACE, "labels": {OURS: "true"}}})
        file = self._backend.workdir / "values.yaml"
        file.write_text(yaml.safe_dump(self._values() | (values or {})))
        self._client.helm(
            "upgrade",
            "--install",
            NAME,
            str(CHART),
            f"--namespace={NAMESPACE}",
            f"--values={file}",
            "--wait",
            f"--timeout={INSTALL_TIMEOUT_S}s",
        )

    def pod(self) -> Json:
        """Return the chart's running pod."""
        return eventually(self._running, within_s=60, what="the chart's pod runs")[0]

    def identity(self) -> Identity:
        """Return what an operator process beside the chart's pod must run with."""
        pod = self.pod()
        container = pod["spec"]["containers"][0]
        return Identity(
            kubeconfig=self._token_kubeconfig(pod["spec"]["serviceAccountName"]),
            environment={one["name"]: _value(one, pod) for one in container.get("env", ())},
            arguments=list(container.get("args", ())),
        )

    def _running(self) -> list[Json]:
        pods = self._client.list("Pod", NAMESPACE, labels=f"app.kubernetes.io/instance={NAME}")
        return [pod for pod in pods if pod["status"].get("phase") == "Running"]

    def _values(self) -> Json:
        values: Json = {
            "nodeSelector": {SYSTEM: "true"},
            "tolerations": [SYSTEM_TAINT],
            "replicaCount": 1,
            "policy": {"create": False},  # each scenario brings its own
        }
        if self._backend.runs_images:
            repository, tag = IMAGE.split(":")
            values["image"] = {"repository": repository, "tag": tag, "pullPolicy": "Never"}
        return values

    def _token_kubeconfig(self, account: str) -> Path:
        """Write a kubeconfig whose only credential is a token of a ServiceAccount."""
        token = self._client.kubectl(
            "create", "token", account, f"--namespace={NAMESPACE}", "--duration=24h"
        ).strip()
        admin = json.loads(
            self._client.kubectl("config", "view", "--raw", "--minify", "--flatten", "-ojson")
        )
        server: dict[str, Any] = admin["clusters"][0]["cluster"]
        target = self._backend.workdir / "operator.kubeconfig"
        target.touch(mode=0o600)
        target.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": NAME,
                    "clusters": [{"name": NAME, "cluster": server}],
                    "users": [{"name": NAME, "user": {"token": token}}],
                    "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
                }
            )
        )
        return target


def _value(variable: Json, pod: Json) -> str:
    """Return what a container sees for an environment variable."""
    if "value" in variable:
        plain: str = variable["value"]
        return plain
    found: Any = pod
    for step in variable["valueFrom"]["fieldRef"]["fieldPath"].split("."):
        found = found[step]
    return str(found)
