"""What of a pod kubelet aligns on NUMA zones.

Source: kubernetes v1.37 `pkg/kubelet/cm/cpumanager/policy_static.go: guaranteedCPUs,
podGuaranteedCPUs` (whole CPUs of Guaranteed pods), `memorymanager/policy_static.go:
getPodRequestedResources` (memory and huge pages of Guaranteed pods), `devicemanager/
topology_hints.go` (devices of any pod); `pkg/apis/core/v1/helper/qos/qos.go: ComputePodQOS`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from restow.cluster.parse.requests import in_units, read, requested
from restow.cluster.parse.wire_pod import Container, Pod, Requirements
from restow.cluster.topology import Alignment
from restow.core.frozen import NOTHING, Amounts, total

_GUARANTEED: Final = "Guaranteed"
_ASKED_OF_ALL: Final = ("cpu", "memory")
_WHOLE_CPU: Final = 1000


def of(pod: Pod) -> Alignment | None:
    """Return what has to come out of one zone, None where nothing has to.

    Where the pod states resources as a whole they count at once, whether kubelet aligns them
    (gate PodLevelResourceManagers) or not.

    Raises
    ------
    FieldError
        When a quantity cannot be read or is negative.
    """
    guaranteed = _is_guaranteed(pod)
    init = pod.spec.init_containers or []
    first = tuple(_aligned(each, guaranteed=guaranteed) for each in init if not _is_sidecar(each))
    lasting = (*(each for each in init if _is_sidecar(each)), *pod.spec.containers)
    beside = tuple(_aligned(each, guaranteed=guaranteed) for each in lasting)
    stated = _stated(pod) if guaranteed else NOTHING
    whole = _largest([total(beside), *_peaks(init, guaranteed=guaranteed)])
    if stated:
        whole = Amounts({**whole, **stated})
        beside, first = (whole,), ()
    if not whole:
        return None
    return Alignment(
        first=tuple(filter(None, first)), beside=tuple(filter(None, beside)), whole=whole
    )


def _peaks(init: list[Container], *, guaranteed: bool) -> Iterator[Amounts]:
    """Yield what each init container takes, with the sidecars that are there by then."""
    sidecars = NOTHING
    for each in init:
        own = _aligned(each, guaranteed=guaranteed)
        if _is_sidecar(each):
            sidecars += own
        yield sidecars if _is_sidecar(each) else sidecars + own


def _aligned(container: Container, *, guaranteed: bool) -> Amounts:
    asked = in_units(requested(container))
    return Amounts(
        {name: n for name, n in asked.items() if _counts(name, n, guaranteed=guaranteed)}
    )


def _counts(name: str, amount: int, *, guaranteed: bool) -> bool:
    if name == "cpu":
        return guaranteed and amount % _WHOLE_CPU == 0
    if name == "memory" or name.startswith("hugepages-"):
        return guaranteed
    return "/" in name


def _is_sidecar(container: Container) -> bool:
    return container.restart_policy == "Always"


def _is_guaranteed(pod: Pod) -> bool:
    """Return the API server's word, or what it would be; for CPU and memory alike."""
    if pod.status.qos_class is not None:
        return pod.status.qos_class == _GUARANTEED
    resources = [
        each.resources for each in (*pod.spec.containers, *(pod.spec.init_containers or ()))
    ]
    if pod.spec.resources is not None:
        resources = [pod.spec.resources]
    return all(each is not None and _is_capped(each) for each in resources)


def _is_capped(resources: Requirements) -> bool:
    limits = read(resources.limits, "resources.limits")
    requests = {**limits, **read(resources.requests, "resources.requests")}
    return all(limits.get(name, 0) > 0 and requests[name] == limits[name] for name in _ASKED_OF_ALL)


def _stated(pod: Pod) -> Amounts:
    """Return what the pod asks for as a whole, of what is aligned."""
    resources = pod.spec.resources
    if resources is None:
        return NOTHING
    limits = read(resources.limits, "spec.resources.limits")
    asked = in_units({**limits, **read(resources.requests, "spec.resources.requests")})
    return Amounts({name: n for name, n in asked.items() if _counts(name, n, guaranteed=True)})


def _largest(each_of: Iterable[Amounts]) -> Amounts:
    found: dict[str, int] = {}
    for amounts in each_of:
        for name, amount in amounts.items():
            found[name] = max(amount, found.get(name, 0))
    return Amounts(found)
