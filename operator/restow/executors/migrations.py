"""Calls that ask for live migrations of virtual machines, and call them off, as values."""

from typing import Final

import msgspec

from restow.core.ids import ObjectKey, Uid
from restow.core.marks import PLAN
from restow.executors.answers import Answer
from restow.executors.calls import Call, namespaced
from restow.planning.acts import Migrate
from restow.rules.machines import HOSTNAME

_KUBEVIRT: Final = "/apis/kubevirt.io/v1"
_PLURAL: Final = "virtualmachineinstancemigrations"


class _Meta(msgspec.Struct, frozen=True):
    uid: str = ""


class _Spec(msgspec.Struct, rename="camel", frozen=True):
    added_node_selector: dict[str, str] = {}


class _Migration(msgspec.Struct):
    metadata: _Meta = _Meta()
    spec: _Spec = _Spec()


def create(act: Migrate) -> Call:
    """Return the call that asks for the migration, marked with its plan.

    Its name is given, so that asking twice is an "already exists".
    """
    namespace = act.pod.key.namespace
    return Call(
        method="POST",
        path=namespaced(_KUBEVIRT, namespace, _PLURAL),
        body={
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstanceMigration",
            "metadata": {"name": act.name, "namespace": namespace, "labels": {PLAN: act.plan}},
            "spec": {"vmiName": act.vmi, "addedNodeSelector": {HOSTNAME: act.hostname}},
        },
    )


def strayed(answer: Answer, act: Migrate) -> Uid | None:
    """Return the uid of a migration that was made without its target, None if all is well.

    A CRD of KubeVirt before 1.6 has no such field, and the API server drops what it does not know.
    """
    if not answer.ok:
        return None
    made = msgspec.json.decode(answer.body, type=_Migration)
    asked = {HOSTNAME: act.hostname}
    return None if made.spec.added_node_selector == asked else Uid(made.metadata.uid)


def delete(key: ObjectKey, uid: Uid) -> Call:
    """Return the call that deletes this very migration: KubeVirt calls it off."""
    return Call(
        method="DELETE",
        path=namespaced(_KUBEVIRT, key.namespace, _PLURAL, key.name),
        body={
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
        },
    )
