"""Calls that put the admission policy in force, prove it and end it, as values."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from restow.cluster.objects import OwnerRef
from restow.core.ids import Uid
from restow.core.marks import GATE, GATE_LABEL, GROUP, PLACEMENT_GATE, PLAN, VERSION
from restow.executors.answers import Answer
from restow.executors.calls import APPLY, Call, namespaced

_CORE: Final = "/api/v1"
_RESTOW: Final = f"/apis/{GROUP}/{VERSION}"
_PLURAL: Final = "placementgates"
_MANAGER: Final = "restow"


def arm(namespace: str, plan: str, owners: Iterable[Uid], own_pod: tuple[str, Uid] | None) -> Call:
    """Return the call that arms the gate for exactly these owners.

    The parameter belongs to the operator's own pod, so that it goes with a dead operator.
    """
    meta: dict[str, Any] = {
        "name": PLACEMENT_GATE,
        "namespace": namespace,
        "labels": {GATE_LABEL: "armed"},
    }
    if own_pod is not None:
        name, uid = own_pod
        meta["ownerReferences"] = [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}]
    return Call(
        method="PATCH",
        path=namespaced(_RESTOW, namespace, _PLURAL, PLACEMENT_GATE),
        content_type=APPLY,
        query={"fieldManager": _MANAGER, "force": "true"},
        body={
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "PlacementGate",
            "metadata": meta,
            "spec": {"plan": plan, "owners": sorted(owners)},
        },
    )


def disarm(namespace: str) -> Call:
    """Return the call that takes the gate out of force, whoever armed it."""
    return Call(method="DELETE", path=namespaced(_RESTOW, namespace, _PLURAL, PLACEMENT_GATE))


def proof(namespace: str, owner: OwnerRef) -> Call:
    """Return the dry-run creation, in restow's own namespace, of a pod that `owner` controls.

    The API server asks neither whether the owner exists nor where; the pod is made such that
    pod security and quotas let it pass.
    """
    return Call(
        method="POST",
        path=namespaced(_CORE, namespace, "pods"),
        query={"dryRun": "All", "fieldManager": _MANAGER},
        body={
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "generateName": "restow-gate-proof-",
                "namespace": namespace,
                "ownerReferences": [
                    {
                        "apiVersion": owner.api_version,
                        "kind": owner.kind,
                        "name": owner.name,
                        "uid": owner.uid,
                        "controller": True,
                    }
                ],
            },
            "spec": harmless({"cpu": "1m", "memory": "1Mi"}),
        },
    )


def harmless(amounts: Mapping[str, str]) -> dict[str, Any]:
    """Return the spec of a pod that pod security lets pass, which asks for these amounts."""
    return {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65535,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "none",
                "image": "registry.k8s.io/pause:3.10",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "resources": {"requests": dict(amounts), "limits": dict(amounts)},
            }
        ],
    }


class _Meta(msgspec.Struct):
    annotations: dict[str, str] | None = None


class _Named(msgspec.Struct):
    name: str


class _Spec(msgspec.Struct, rename="camel"):
    scheduling_gates: list[_Named] | None = None


class _Proof(msgspec.Struct):
    metadata: _Meta
    spec: _Spec


def missing(answer: Answer, plan: str) -> str | None:
    """Return what the would-be pod lacks, None when it carries the gate and the plan's mark."""
    try:
        pod = msgspec.json.decode(answer.body, type=_Proof)
    except msgspec.DecodeError as error:
        return f"the answer is no pod: {error}"
    if all(gate.name != GATE for gate in pod.spec.scheduling_gates or ()):
        return f"a new pod would not carry the gate {GATE}"
    mark = (pod.metadata.annotations or {}).get(PLAN)
    return None if mark == plan else f"a new pod would carry the mark {mark!r} instead of {plan!r}"
