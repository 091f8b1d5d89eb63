"""Claims of a pod, and the extended resources of its containers."""

from collections.abc import Iterator
from typing import Final

from restow.cluster.parse.requests import requested
from restow.cluster.parse.wire_pod import Container, Pod
from restow.cluster.pod_devices import ExtendedRequest, PodClaim

CLASS_PREFIX: Final = "deviceclass.resource.kubernetes.io/"
"""Of the extended resource that each DeviceClass backs without saying so."""


def claims(wire: Pod) -> tuple[PodClaim, ...]:
    """Return the claims of the pod, in the order of its spec.

    Source: k8s.io/dynamic-resource-allocation v0.37.2, resourceclaim/resourceclaim.go: `Name`.
    """
    made = {
        each.name: each.resource_claim_name for each in wire.status.resource_claim_statuses or ()
    }
    return tuple(
        PodClaim(name=each.name, claim=each.resource_claim_name)
        if each.resource_claim_name is not None
        else PodClaim(
            name=each.name,
            claim=made.get(each.name),
            generated=True,
            pending=each.name not in made,
        )
        for each in wire.spec.resource_claims or ()
    )


def extended(wire: Pod) -> tuple[ExtendedRequest, ...]:
    """Return what each container requests of extended resources, container by container.

    Raises
    ------
    FieldError
        When a quantity cannot be read.
    """
    containers = [*(wire.spec.init_containers or ()), *wire.spec.containers]
    first = len(wire.spec.init_containers or ())
    return tuple(
        each
        for index, container in enumerate(containers)
        for each in _of_container(container, index, is_init=index < first)
    )


def is_extended(name: str) -> bool:
    """Return whether a DeviceClass may back the resource.

    Source: `pkg/scheduler/util/utils.go: IsDRAExtendedResourceName`.
    """
    if name.startswith(CLASS_PREFIX):
        return True
    return "/" in name and "kubernetes.io/" not in name and not name.startswith("requests.")


def _of_container(container: Container, index: int, *, is_init: bool) -> Iterator[ExtendedRequest]:
    """Yield the requests of one container; only whole numbers above zero count, as upstream."""
    found = requested(container)
    for position, name in enumerate(sorted(found)):
        count, rest = divmod(found[name], 1000)
        if is_extended(name) and count and not rest:
            yield ExtendedRequest(
                name=f"container-{index}-request-{position}",
                resource=name,
                count=count,
                container=index,
                passing=is_init and container.restart_policy != "Always",
            )
