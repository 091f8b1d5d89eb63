"""Calls that change a pod, as values."""

from typing import Any, Final

from restow.core.ids import NodeName, PodRef
from restow.core.marks import GATE, PLAN
from restow.executors.calls import JSON, MERGE, STRATEGIC, Call, namespaced

_CORE: Final = "/api/v1"


def nominate(pod: PodRef, node: NodeName, plan: str) -> Call:
    """Return the call that marks and nominates at once: never a nomination without its mark.

    `pods/status` takes annotations too; the uid in the patch is a precondition.
    """
    return _status(pod, annotations={PLAN: plan}, node=node)


def withdraw(pod: PodRef) -> Call:
    """Return the call that clears nomination and mark; on a bound pod only the mark is left."""
    return _status(pod, annotations={PLAN: None}, node=None)


def _status(pod: PodRef, *, annotations: dict[str, str | None], node: str | None) -> Call:
    return Call(
        method="PATCH",
        path=_path(pod, "status"),
        content_type=MERGE,
        body={
            "metadata": {"uid": pod.uid, "annotations": annotations},
            "status": {"nominatedNodeName": node},
        },
    )


def release(pod: PodRef) -> Call:
    """Return the call that removes our gate by name, whatever other gates there are."""
    gates: list[dict[str, Any]] = [{"$patch": "delete", "name": GATE}]
    return Call(
        method="PATCH",
        path=_path(pod),
        content_type=STRATEGIC,
        body={"metadata": {"uid": pod.uid}, "spec": {"schedulingGates": gates}},
    )


def evict(pod: PodRef, resource_version: str) -> Call:
    """Return the eviction of this very version of the pod."""
    return Call(
        method="POST",
        path=_path(pod, "eviction"),
        content_type=JSON,
        body={
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.key.name, "namespace": pod.key.namespace},
            "deleteOptions": {
                "preconditions": {"uid": pod.uid, "resourceVersion": resource_version}
            },
        },
    )


def bind(pod: PodRef, node: NodeName) -> Call:
    """Return the binding of this very incarnation of the pod."""
    return Call(
        method="POST",
        path=_path(pod, "binding"),
        body={
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {
                "name": pod.key.name,
                "namespace": pod.key.namespace,
                "uid": pod.uid,
            },
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        },
    )


def _path(pod: PodRef, *rest: str) -> str:
    return namespaced(_CORE, pod.key.namespace, "pods", pod.key.name, *rest)
