"""A tiny client of the Kubernetes API for scenarios: plain dicts in and out, no models."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import urllib3
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config

from e2e.controlplane.build import binary

Json = dict[str, Any]

TIMEOUT_S: Final = 30.0


class Kind(NamedTuple):
    """Where the objects of one kind live."""

    prefix: str
    plural: str
    namespaced: bool = True


KINDS: Final[Mapping[str, Kind]] = {
    "CSIDriver": Kind("/apis/storage.k8s.io/v1", "csidrivers", namespaced=False),
    "CSINode": Kind("/apis/storage.k8s.io/v1", "csinodes", namespaced=False),
    "CSIStorageCapacity": Kind("/apis/storage.k8s.io/v1", "csistoragecapacities"),
    "ConfigMap": Kind("/api/v1", "configmaps"),
    "CustomResourceDefinition": Kind(
        "/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", namespaced=False
    ),
    "DaemonSet": Kind("/apis/apps/v1", "daemonsets"),
    "Deployment": Kind("/apis/apps/v1", "deployments"),
    "DeviceClass": Kind("/apis/resource.k8s.io/v1", "deviceclasses", namespaced=False),
    "DeviceTaintRule": Kind("/apis/resource.k8s.io/v1", "devicetaintrules", namespaced=False),
    "Event": Kind("/api/v1", "events"),
    "Job": Kind("/apis/batch/v1", "jobs"),
    "Lease": Kind("/apis/coordination.k8s.io/v1", "leases"),
    "Namespace": Kind("/api/v1", "namespaces", namespaced=False),
    "Node": Kind("/api/v1", "nodes", namespaced=False),
    "PackingPlan": Kind("/apis/restow.dev/v1alpha1", "packingplans", namespaced=False),
    "PackingPolicy": Kind("/apis/restow.dev/v1alpha1", "packingpolicies", namespaced=False),
    "PlacementGate": Kind("/apis/restow.dev/v1alpha1", "placementgates"),
    "PersistentVolume": Kind("/api/v1", "persistentvolumes", namespaced=False),
    "PersistentVolumeClaim": Kind("/api/v1", "persistentvolumeclaims"),
    "Pod": Kind("/api/v1", "pods"),
    "PodDisruptionBudget": Kind("/apis/policy/v1", "poddisruptionbudgets"),
    "PriorityClass": Kind("/apis/scheduling.k8s.io/v1", "priorityclasses", namespaced=False),
    "ReplicaSet": Kind("/apis/apps/v1", "replicasets"),
    "RuntimeClass": Kind("/apis/node.k8s.io/v1", "runtimeclasses", namespaced=False),
    "ResourceClaim": Kind("/apis/resource.k8s.io/v1", "resourceclaims"),
    "ResourceClaimTemplate": Kind("/apis/resource.k8s.io/v1", "resourceclaimtemplates"),
    "ResourceSlice": Kind("/apis/resource.k8s.io/v1", "resourceslices", namespaced=False),
    "ServiceAccount": Kind("/api/v1", "serviceaccounts"),
    "StatefulSet": Kind("/apis/apps/v1", "statefulsets"),
    "StorageClass": Kind("/apis/storage.k8s.io/v1", "storageclasses", namespaced=False),
    "KubeVirt": Kind("/apis/kubevirt.io/v1", "kubevirts"),
    "ValidatingWebhookConfiguration": Kind(
        "/apis/admissionregistration.k8s.io/v1", "validatingwebhookconfigurations", namespaced=False
    ),
    "VirtualMachineInstance": Kind("/apis/kubevirt.io/v1", "virtualmachineinstances"),
    "VirtualMachineInstanceMigration": Kind(
        "/apis/kubevirt.io/v1", "virtualmachineinstancemigrations"
    ),
    "NodeClaim": Kind("/apis/karpenter.sh/v1", "nodeclaims", namespaced=False),
    "NodeResourceTopology": Kind(
        "/apis/topology.node.k8s.io/v1alpha2", "noderesourcetopologies", namespaced=False
    ),
    "MigrationPolicy": Kind(
        "/apis/migrations.kubevirt.io/v1alpha1", "migrationpolicies", namespaced=False
    ),
    "VolumeAttachment": Kind("/apis/storage.k8s.io/v1", "volumeattachments", namespaced=False),
}


class ApiError(RuntimeError):
    """An answer of the API server other than 2xx."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class CommandError(RuntimeError):
    """kubectl or helm said no."""


class Client:
    """Talks to one cluster, over HTTP and through kubectl and helm."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        settings = kubernetes_client.Configuration()
        settings.connection_pool_maxsize = 32  # each watch keeps one
        kubernetes_config.load_kube_config(  # type: ignore[no-untyped-call] # it has no types
            str(kubeconfig), client_configuration=settings
        )
        self._api = kubernetes_client.ApiClient(settings)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and return its stdout.

        Raises
        ------
        CommandError
            If it fails, with what it said.
        """
        return self._run("kubectl", arguments, stdin)

    def helm(self, *arguments: str) -> str:
        """Run helm and return its stdout; raises CommandError like `kubectl`."""
        return self._run("helm", arguments, None)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        """Return one object; raises ApiError with status 404 if there is none."""
        return self.request("GET", path(kind, namespace, name))

    def list(
        self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> list[Json]:
        """Return the objects of a kind, of one namespace or of all."""
        query = {"labelSelector": labels, "fieldSelector": fields}
        items: list[Json] = self.request("GET", path(kind, namespace), query=query)["items"]
        return items

    def create(self, manifest: Json) -> Json:
        """Create an object and return it as stored."""
        namespace = manifest["metadata"].get("namespace")
        return self.request("POST", path(manifest["kind"], namespace), body=manifest)

    def patch(
        self, kind: str, name: str, body: Json, *, namespace: str | None = None, part: str = ""
    ) -> Json:
        """Merge `body` into an object, or into its subresource `part`."""
        at = path(kind, namespace, name) + (f"/{part}" if part else "")
        return self.request("PATCH", at, body=body, content_type="application/merge-patch+json")

    def delete(
        self, kind: str, name: str, *, namespace: str | None = None, grace_s: int | None = None
    ) -> None:
        """Ask for the deletion of an object; one that is gone already is fine."""
        query = {} if grace_s is None else {"gracePeriodSeconds": str(grace_s)}
        try:
            self.request("DELETE", path(kind, namespace, name), query=query)
        except ApiError as error:
            if error.status != 404:
                raise

    def request(
        self,
        method: str,
        at: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        content_type: str = "application/json",
    ) -> Json:
        """Send one request and return the decoded answer.

        Raises
        ------
        ApiError
            If the answer is not 2xx.
        """
        headers = {"Accept": "application/json", "Content-Type": content_type}
        answer = self._http().request(
            method,
            self._url(at, query or {}),
            headers=self._signed(headers),
            body=None if body is None else json.dumps(body),
            timeout=TIMEOUT_S,
        )
        text = answer.data
        if not 200 <= answer.status < 300:
            raise ApiError(answer.status, text.decode(errors="replace")[:1000])
        decoded: Json = json.loads(text)
        return decoded

    def stream(self, at: str, query: Mapping[str, str]) -> Any:
        """Open a watch and return the raw answer, whose lines are JSON events."""
        answer = self._http().request(
            "GET",
            self._url(at, query),
            headers=self._signed({"Accept": "application/json"}),
            timeout=None,
            preload_content=False,
        )
        if answer.status != 200:
            raise ApiError(answer.status, answer.data.decode(errors="replace")[:1000])
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._api.close()  # type: ignore[no-untyped-call] # it has no types

    def _http(self) -> urllib3.PoolManager:
        pool: urllib3.PoolManager = self._api.rest_client.pool_manager
        return pool

    def _url(self, at: str, query: Mapping[str, str]) -> str:
        chosen = urlencode({key: value for key, value in query.items() if value})
        return f"{self._api.configuration.host}{at}" + (f"?{chosen}" if chosen else "")

    def _signed(self, headers: dict[str, str]) -> dict[str, str]:
        self._api.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)
        return headers

    def _run(self, program: str, arguments: tuple[str, ...], stdin: str | None) -> str:
        done = subprocess.run(
            [str(binary(program)), f"--kubeconfig={self.kubeconfig}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CommandError(f"{program} {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout


def path(kind: str, namespace: str | None = None, name: str | None = None) -> str:
    """Return the API path of a kind's objects, or of one object."""
    where = KINDS[kind]
    parts = [where.prefix]
    if where.namespaced and namespace is not None:
        parts += ["namespaces", namespace]
    parts.append(where.plural)
    if name is not None:
        parts.append(name)
    return "/".join(parts)
