"""The documents that the oracle makes and reads: kinds, and what stands in them."""

from typing import Final

from e2e.client import Json

KINDS: Final = (
    "Namespace",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "CSIDriver",
    "DeviceClass",
    "Node",
    "CSINode",
    "CSIStorageCapacity",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "VolumeAttachment",
    "ResourceSlice",
    "DeviceTaintRule",
    "ResourceClaimTemplate",
    "ResourceClaim",
    "Pod",
)
"""What a scene may consist of, in the order in which it is made."""

KEPT: Final = frozenset({"Namespace", "PriorityClass", "RuntimeClass"})
"""All scenes share them; without a controller manager a namespace would never go."""

REPORTED: Final = frozenset({"Pod", "PersistentVolume", "PersistentVolumeClaim", "ResourceClaim"})
"""Kinds whose status the API server takes only from the status subresource."""


FAILED: Final = "running PreBind plugin"
"""Begins what kube-scheduler says of a pod that it could not bind to the node it had chosen."""


def is_open(pod: Json) -> bool:
    """Tell whether kube-scheduler has chosen a node and not bound the pod to it."""
    return bool(pod["status"].get("nominatedNodeName")) and not pod["spec"].get("nodeName")


def version(document: Json) -> str:
    """Return the resource version."""
    return str(document["metadata"]["resourceVersion"])


def claims(pod: Json) -> bool:
    """Tell whether kube-scheduler may give devices to the pod."""
    spec = pod["spec"]
    return bool(spec.get("resourceClaims")) or any(
        "/" in name
        for each in (*spec["containers"], *spec.get("initContainers", ()))
        for name in each.get("resources", {}).get("requests", {})
    )


def mounted(pod: Json) -> list[str]:
    """Return the names of the PersistentVolumeClaims behind the pod's volumes."""
    found = []
    for each in pod["spec"].get("volumes", ()):
        if "persistentVolumeClaim" in each:
            found.append(each["persistentVolumeClaim"]["claimName"])
        elif "ephemeral" in each:
            found.append(f"{pod['metadata']['name']}-{each['name']}")
    return found


def waits(claim: Json, uid: str) -> bool:
    """Tell whether the claim is reserved for the pod and has conditions to wait for."""
    status = claim.get("status", {})
    results = status.get("allocation", {}).get("devices", {}).get("results", ())
    return any(each["uid"] == uid for each in status.get("reservedFor", ())) and any(
        each.get("bindingConditions") for each in results
    )


def condition(pod: Json) -> Json:
    """Return PodScheduled while it is False, else nothing."""
    for each in pod.get("status", {}).get("conditions", ()):
        if each["type"] == "PodScheduled" and each["status"] == "False":
            found: Json = each
            return found
    return {}


def before(pod: Json) -> Json:
    """Return the pod without what its verdict left on it."""
    spec = {key: value for key, value in pod["spec"].items() if key != "nodeName"}
    traces = ("conditions", "nominatedNodeName")
    status = {key: value for key, value in pod["status"].items() if key not in traces}
    return {**pod, "spec": spec, "status": status}


def slim(document: Json) -> Json:
    """Return the object without what only the API server needs."""
    meta = {key: value for key, value in document["metadata"].items() if key != "managedFields"}
    return {**document, "metadata": meta}
