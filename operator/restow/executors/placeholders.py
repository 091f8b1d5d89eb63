"""Calls that create, nominate and delete placeholders, as values."""

import hashlib
from typing import Any, Final

from restow.core.frozen import Amounts
from restow.core.ids import PodRef, Uid
from restow.core.marks import HOLD, PLAN
from restow.executors.calls import MERGE, Call, namespaced
from restow.executors.gate import harmless
from restow.planning.acts import Placeholder

_CORE: Final = "/api/v1"


def create(
    namespace: str,
    plan: str,
    placeholder: Placeholder,
    priority_class: str,
    own_pod: tuple[str, Uid] | None,
) -> Call:
    """Return the call that creates the gated pod; it goes with the operator's own pod.

    Its name follows from the plan and what it holds, so that creating it twice is an
    "already exists".
    """
    meta: dict[str, Any] = {
        "name": _name(plan, placeholder),
        "namespace": namespace,
        "annotations": {PLAN: plan},
        "labels": {"app.kubernetes.io/component": "placeholder"},
    }
    if own_pod is not None:
        name, uid = own_pod
        meta["ownerReferences"] = [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}]
    spec = harmless(_amounts(placeholder.requests))
    spec["schedulingGates"] = [{"name": HOLD}]
    if priority_class:
        spec["priorityClassName"] = priority_class
    spec["containers"][0]["ports"] = [
        {
            "containerPort": each.port,
            "hostPort": each.port,
            "protocol": each.protocol,
            **({"hostIP": each.ip} if each.ip else {}),
        }
        for each in placeholder.host_ports
    ]
    return Call(
        method="POST",
        path=namespaced(_CORE, namespace, "pods"),
        body={"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec},
    )


def nominate(namespace: str, plan: str, placeholder: Placeholder) -> Call:
    """Return the call that nominates it, after which it holds the room."""
    return Call(
        method="PATCH",
        path=namespaced(_CORE, namespace, "pods", _name(plan, placeholder), "status"),
        content_type=MERGE,
        body={"status": {"nominatedNodeName": placeholder.node}},
    )


def delete(pod: PodRef) -> Call:
    """Return the call that deletes this very incarnation of a placeholder."""
    return Call(
        method="DELETE",
        path=namespaced(_CORE, pod.key.namespace, "pods", pod.key.name),
        body={
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "gracePeriodSeconds": 0,
            "preconditions": {"uid": pod.uid},
        },
    )


def _name(plan: str, placeholder: Placeholder) -> str:
    held = (
        plan,
        placeholder.node,
        placeholder.priority,
        sorted(placeholder.requests.items()),
        sorted((each.ip, each.protocol, each.port) for each in placeholder.host_ports),
    )
    digest = hashlib.sha256(repr(held).encode()).hexdigest()
    return f"restow-placeholder-{digest[:12]}"


def _amounts(requests: Amounts) -> dict[str, str]:
    return {name: f"{n}m" if name == "cpu" else str(n) for name, n in sorted(requests.items())}
