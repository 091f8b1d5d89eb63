"""How much a pod asks for, as kube-scheduler 1.37 counts it.

Source: k8s.io/component-helpers v0.37.2, resource/helpers.go (`PodRequests`), called by the
scheduler's NodeInfo with the status of in-place resizes; defaults of the API server from
pkg/apis/core/v1/defaults.go (`SetDefaults_Pod`, `SetDefaults_ResourceList`).

Amounts are in thousandths here: the API server keeps no finer ones.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from restow.cluster.parse.problems import FieldError
from restow.cluster.parse.wire import Quantities, Quantity
from restow.cluster.parse.wire_pod import Container, ContainerStatus, Pod, Requirements
from restow.core.frozen import Amounts
from restow.core.quantity import value_milli, whole

Milli = dict[str, int]

_RESIZE_PENDING: Final = "PodResizePending"
_NEVER_COUNTED: Final = "requests."
_ONE_POD: Final = 1


def of(pod: Pod) -> Amounts:
    """Return the pod's requests: CPU in millicores, the rest in base units, one of `pods`.

    Raises
    ------
    FieldError
        When a quantity cannot be read or is negative.
    """
    counted = _containers(pod)
    for name, amount in _pod_level(pod, counted).items():
        counted[name] = amount
    _add(counted, read(pod.spec.overhead, "spec.overhead"))
    return Amounts({**in_units(counted), "pods": _ONE_POD})


def requested(container: Container) -> Milli:
    """Return what the container's spec requests, in thousandths; a limit stands in for a request.

    Raises
    ------
    FieldError
        When a quantity cannot be read or is negative.
    """
    return _requests(container.resources, f"spec.containers[{container.name}].resources")


def in_units(amounts: Mapping[str, int]) -> dict[str, int]:
    """Return thousandths as restow's units, without the names kube-scheduler does not count."""
    return {
        name: amount if name == "cpu" else whole(amount)
        for name, amount in amounts.items()
        if is_counted(name)
    }


def is_counted(name: str) -> bool:
    """Return whether kube-scheduler counts the resource: native, huge pages, or with a domain."""
    if name in {"cpu", "memory", "ephemeral-storage", "pods"}:
        return True
    if name.startswith(("hugepages-", "attachable-volumes-")):
        return True
    return "/" in name and not name.startswith(_NEVER_COUNTED)


def read(quantities: Quantities | None, field: str) -> Milli:
    """Return quantities in thousandths.

    Raises
    ------
    FieldError
        When one cannot be read or is negative; the field is `field[name]`.
    """
    if not quantities:
        return {}
    return {name: _read_one(text, field, name) for name, text in quantities.items()}


def _read_one(text: Quantity, field: str, name: str) -> int:
    try:
        amount = 0 if text is None else value_milli(text if isinstance(text, str) else str(text))
    except ValueError as error:
        raise FieldError(
            f"{field}[{name}]", str(error), "write a Kubernetes quantity such as 500m, 2 or 1.5Gi"
        ) from None
    if amount < 0:
        raise FieldError(
            f"{field}[{name}]", f"{text!r} is negative", "write an amount of 0 or more"
        )
    return amount


def _add(total: Milli, more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def _raise_to(total: Milli, floor: Mapping[str, int]) -> None:
    for name, amount in floor.items():
        if amount > total.get(name, -1):
            total[name] = amount


def _largest(lists: Iterable[Mapping[str, int]]) -> Milli:
    result: Milli = {}
    for each in lists:
        _raise_to(result, each)
    return result


def _containers(pod: Pod) -> Milli:
    """Return the effective request of all containers: what is wanted, given and in force."""
    wanted = _aggregate(pod, _wanted)
    if not _is_resized(pod):
        return wanted
    status = pod.status
    infeasible = _is_infeasible(pod)
    otherwise = _nothing if infeasible else _wanted
    whole_pod = status.resources.requests if status.resources else None
    if status.allocated_resources is not None and whole_pod is not None:
        given = read(status.allocated_resources, "status.allocatedResources")
        in_force = read(whole_pod, "status.resources.requests")
    else:
        given = _aggregate(pod, partial(_given, otherwise=otherwise))
        in_force = _aggregate(pod, partial(_in_force, otherwise=otherwise))
    return _largest([given, in_force] if infeasible else [wanted, in_force, given])


def _is_resized(pod: Pod) -> bool:
    """Return whether the status may say something else than the spec."""
    status = pod.status
    if pod.spec.node_name is None:
        return False
    return bool(
        status.allocated_resources
        or status.resources
        or _is_infeasible(pod)
        or any(
            each.resources or each.allocated_resources
            for each in (
                *(status.container_statuses or ()),
                *(status.init_container_statuses or ()),
            )
        )
    )


def _is_infeasible(pod: Pod) -> bool:
    for condition in pod.status.conditions or ():
        if condition.type == _RESIZE_PENDING:
            return condition.reason == "Infeasible"
    return False


Reading = Callable[[Container, str, ContainerStatus | None], Milli]


def _aggregate(pod: Pod, reading: Reading) -> Milli:
    """Return the sum of the containers and sidecars, at least what initialising needs."""
    statuses = {
        each.name: each
        for each in (
            *(pod.status.init_container_statuses or ()),
            *(pod.status.container_statuses or ()),
        )
    }
    running: Milli = {}
    for index, container in enumerate(pod.spec.containers):
        field = f"spec.containers[{index}].resources"
        _add(running, reading(container, field, statuses.get(container.name)))
    sidecars: Milli = {}
    initialising: Milli = {}
    for index, container in enumerate(pod.spec.init_containers or ()):
        field = f"spec.initContainers[{index}].resources"
        own = reading(container, field, statuses.get(container.name))
        if container.restart_policy == "Always":
            _add(running, own)
            _add(sidecars, own)
            _raise_to(initialising, sidecars)
        else:
            peak = dict(sidecars)
            _add(peak, own)
            _raise_to(initialising, peak)
    _raise_to(running, initialising)
    return running


def _wanted(container: Container, field: str, _status: ContainerStatus | None) -> Milli:
    return _requests(container.resources, field)


def _nothing(_container: Container, _field: str, _status: ContainerStatus | None) -> Milli:
    return {}


def _given(
    container: Container, field: str, status: ContainerStatus | None, otherwise: Reading
) -> Milli:
    if status is not None and status.allocated_resources is not None:
        return read(status.allocated_resources, "status.containerStatuses.allocatedResources")
    return otherwise(container, field, status)


def _in_force(
    container: Container, field: str, status: ContainerStatus | None, otherwise: Reading
) -> Milli:
    if status is not None and status.resources and status.resources.requests is not None:
        return read(status.resources.requests, "status.containerStatuses.resources.requests")
    return _given(container, field, status, otherwise)


def _requests(resources: Requirements | None, field: str) -> Milli:
    """Return the requests, with each limit standing in for a request that is not there."""
    if resources is None:
        return {}
    limits = read(resources.limits, f"{field}.limits")
    return {**limits, **read(resources.requests, f"{field}.requests")}


def _pod_level(pod: Pod, containers: Milli) -> Milli:
    """Return the pod-level requests, which replace the containers' for the resources they name.

    The API server fills them in when only limits are given: from the containers' requests for
    CPU and memory, else from the limit itself.
    """
    resources = pod.spec.resources
    if resources is None:
        return {}
    stated = _supported(read(resources.requests, "spec.resources.requests"))
    limits = _supported(read(resources.limits, "spec.resources.limits"))
    if not stated and not limits:
        return {}
    for name, limit in limits.items():
        if name not in stated and not (name in {"cpu", "memory"} and name in containers):
            stated[name] = limit
    status = pod.status
    if pod.spec.node_name is None or status.resources is None:
        return stated
    spec = {} if _is_infeasible(pod) else stated
    in_force = read(status.resources.requests, "status.resources.requests")
    given = read(status.allocated_resources, "status.allocatedResources")
    return _supported(_largest([spec, in_force, given]))


def _supported(amounts: Milli) -> Milli:
    return {
        name: amount
        for name, amount in amounts.items()
        if name in {"cpu", "memory"} or name.startswith("hugepages-")
    }
