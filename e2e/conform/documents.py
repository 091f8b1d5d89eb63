"""What the documents of the API server tell, and what of them a recording keeps."""

from e2e.client import Json


def version_of(document: Json) -> str:
    """Return the resource version."""
    return str(document["metadata"]["resourceVersion"])


def waits(claim: Json, uid: str) -> bool:
    """Tell whether the claim is reserved for the pod and has conditions to wait for."""
    status = claim.get("status", {})
    results = status.get("allocation", {}).get("devices", {}).get("results", ())
    return any(each["uid"] == uid for each in status.get("reservedFor", ())) and any(
        each.get("bindingConditions") for each in results
    )


def unscheduled(pod: Json) -> Json:
    """Return the condition by which kube-scheduler says no, empty when it has not."""
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
