"""How the pods that are asked about come: with the claims that controllers would make for them."""

import time

from e2e.client import Client, Json
from e2e.conform.scene import Probe

GATE = "conform.restow.dev/claims"
"""Holds a pod back until its claims are there."""


class Arrivals:
    """Creates pods, in the place of the controllers that would make their claims."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def put(self, probe: Probe, settle_s: float) -> tuple[str, tuple[Json, ...]]:
        """Create the pod; return its uid and what was made for it, behind a gate, beforehand."""
        meta, spec = probe.pod["metadata"], probe.pod.get("spec", {})
        for each in spec.get("resourceClaims", ()):
            if "resourceClaimName" in each:  # kube-scheduler says nothing of one that is missing
                self._client.get("ResourceClaim", each["resourceClaimName"], meta["namespace"])
        named = {each["name"] for each in _templated(spec)}
        generated = {name: made for name, made in probe.generated.items() if name in named}
        if not generated and not probe.owned:
            return str(self._client.create(probe.pod)["metadata"]["uid"]), ()
        claims = [*probe.owned, *self._of_templates(probe)]
        gates = [*spec.get("schedulingGates", ()), {"name": GATE}]
        gated = {**probe.pod, "spec": {**spec, "schedulingGates": gates}}
        uid = str(self._client.create(gated)["metadata"]["uid"])
        made = [
            {**self._client.create(_owned(each, meta["name"], uid)), "kind": each["kind"]}
            for each in claims
        ]
        where = {"namespace": meta["namespace"]}
        if generated:
            statuses = [
                {"name": name, "resourceClaimName": claim} for name, claim in generated.items()
            ]
            status = {"status": {"resourceClaimStatuses": statuses}}
            self._client.patch("Pod", meta["name"], status, **where, part="status")
        if probe.owned:
            time.sleep(settle_s)
        freed = {"spec": {"schedulingGates": gates[:-1] or None}}
        self._client.patch("Pod", meta["name"], freed, **where)
        return uid, tuple(made)

    def _of_templates(self, probe: Probe) -> list[Json]:
        """Return the ResourceClaims of the pod's templates, as the claim controller makes them."""
        namespace = probe.pod["metadata"]["namespace"]
        return [
            {
                "apiVersion": "resource.k8s.io/v1",
                "kind": "ResourceClaim",
                "metadata": {"name": probe.generated[each["name"]], "namespace": namespace},
                "spec": self._template(each["resourceClaimTemplateName"], namespace),
            }
            for each in _templated(probe.pod["spec"])
            if each["name"] in probe.generated
        ]

    def _template(self, name: str, namespace: str) -> Json:
        """Return what the claims of a template ask for."""
        found: Json = self._client.get("ResourceClaimTemplate", name, namespace)["spec"]["spec"]
        return found


def _templated(spec: Json) -> list[Json]:
    """Return the entries that name a template; a pod that is being shrunk may have lost it."""
    return [each for each in spec.get("resourceClaims", ()) if "resourceClaimTemplateName" in each]


def _owned(manifest: Json, pod: str, uid: str) -> Json:
    """Return the object with the pod as its controller, unless it says another one."""
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid, "controller": True}
    return {**manifest, "metadata": {"ownerReferences": [owner], **manifest["metadata"]}}
