"""Pods."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from restow.cluster.objects import HostPort, NodeSelectorTerm, Phase, Pod, Toleration
from restow.cluster.parse import alignment, features, images, pod_devices, requests, volumes
from restow.cluster.parse.metadata import (
    annotations_of,
    created_at,
    key_of,
    labels_of,
    owner_of,
    requirement,
    uid_of,
)
from restow.cluster.parse.problems import FieldError
from restow.cluster.parse.wire import Condition
from restow.cluster.parse.wire_pod import Container, NodeTerms, PodSpec
from restow.cluster.parse.wire_pod import Pod as WirePod
from restow.cluster.parse.wire_pod import Toleration as WireToleration
from restow.cluster.terms import Operator
from restow.core.frozen import Labels
from restow.core.ids import NodeName

_AFFINITY_PATH: Final = (
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
)
FINISHED: Final = frozenset({Phase.SUCCEEDED, Phase.FAILED})


def pod(wire: WirePod) -> Pod | None:
    """Return the pod, or None when it has finished and holds nothing any more.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    spec, status = wire.spec, wire.status
    phase = _phase(status.phase)
    if phase in FINISHED:
        return None
    amounts = requests.of(wire)
    waiting = _unschedulable(status.conditions)
    key = key_of(wire.metadata, namespaced=True)
    return Pod(
        key=key,
        uid=uid_of(wire.metadata),
        resource_version=wire.metadata.resource_version or "",
        labels=labels_of(wire.metadata),
        annotations=annotations_of(wire.metadata),
        owner=owner_of(wire.metadata),
        created_at=created_at(wire.metadata),
        scheduler_name=spec.scheduler_name or "default-scheduler",
        priority=spec.priority or 0,
        priority_class=spec.priority_class_name or "",
        preempts=spec.preemption_policy != "Never",
        requests=amounts,
        node=NodeName(spec.node_name) if spec.node_name else None,
        nominated_node=(
            NodeName(status.nominated_node_name) if status.nominated_node_name else None
        ),
        phase=phase,
        ready=_is_true(status.conditions, "Ready"),
        deleting=wire.metadata.deletion_timestamp is not None,
        disruption=_disruption(status.conditions),
        gates=tuple(gate.name for gate in spec.scheduling_gates or ()),
        unschedulable_since=(
            (waiting.last_transition_time or created_at(wire.metadata)) if waiting else None
        ),
        unschedulable_message=(waiting.message or "") if waiting else "",
        node_selector=Labels(spec.node_selector or {}),
        node_affinity=_node_affinity(spec),
        tolerations=tolerations(spec.tolerations),
        host_ports=_host_ports(spec),
        features=features.of(wire, amounts),
        affinity=features.affinity(wire),
        anti_affinity=features.anti_affinity(wire),
        spread=features.spread(wire),
        needed_features=features.needed(wire.spec),
        local_volumes=features.local_volumes(wire),
        volumes=volumes.of(wire),
        group=features.group(wire),
        claims=pod_devices.claims(wire),
        extended=pod_devices.extended(wire),
        started_at=status.start_time,
        images=images.of_pod(spec),
        alignment=alignment.of(wire),
    )


def _phase(text: str | None) -> Phase:
    try:
        return Phase(text or Phase.PENDING)
    except ValueError:
        choices = ", ".join(Phase)
        raise FieldError(
            "status.phase", f"{text!r} is not a phase", f"write one of {choices}"
        ) from None


def _is_true(conditions: list[Condition] | None, kind: str) -> bool:
    return any(each.type == kind and each.status == "True" for each in conditions or ())


def _disruption(conditions: list[Condition] | None) -> str:
    """Return the reason of DisruptionTarget while it is true (KEP-3329)."""
    kind = "DisruptionTarget"
    true = (each for each in conditions or () if each.type == kind and each.status == "True")
    return next((each.reason or "" for each in true), "")


def _unschedulable(conditions: list[Condition] | None) -> Condition | None:
    for each in conditions or ():
        if each.type == "PodScheduled":
            is_waiting = each.status == "False" and each.reason == "Unschedulable"
            return each if is_waiting else None
    return None


@lru_cache(maxsize=1024)
def tolerations(wires: tuple[WireToleration, ...] | None) -> tuple[Toleration, ...]:
    """Return the tolerations; equal ones of many pods are one object."""
    return tuple(
        Toleration(
            key=wire.key or "",
            operator=_toleration_operator(wire.operator, index),
            value=wire.value or "",
            effect=wire.effect or "",
        )
        for index, wire in enumerate(wires or ())
    )


def _toleration_operator(text: str | None, index: int) -> Operator:
    known = {"": Operator.EQUAL, "Equal": Operator.EQUAL, "Exists": Operator.EXISTS}
    known |= {"Gt": Operator.GT, "Lt": Operator.LT}
    if (text or "") not in known:
        raise FieldError(
            f"spec.tolerations[{index}].operator",
            f"{text!r} is not an operator of tolerations",
            "write Equal, Exists, Gt or Lt",
        )
    return known[text or ""]


def _node_affinity(spec: PodSpec) -> tuple[NodeSelectorTerm, ...] | None:
    affinity = spec.affinity.node_affinity if spec.affinity else None
    if affinity is None or affinity.required is None:
        return None
    return node_terms(affinity.required, _AFFINITY_PATH)


@lru_cache(maxsize=1024)
def node_terms(wire: NodeTerms, path: str) -> tuple[NodeSelectorTerm, ...]:
    """Return the terms of the node selector at `path`; equal ones of many objects are one object.

    Raises
    ------
    FieldError
        When an operator is unknown.
    """
    return tuple(
        NodeSelectorTerm(
            expressions=tuple(
                requirement(each, f"{path}[{index}].matchExpressions[{at}]")
                for at, each in enumerate(term.match_expressions or ())
            ),
            fields=tuple(
                requirement(each, f"{path}[{index}].matchFields[{at}]")
                for at, each in enumerate(term.match_fields or ())
            ),
        )
        for index, term in enumerate(wire.node_selector_terms or ())
    )


def _host_ports(spec: PodSpec) -> tuple[HostPort, ...]:
    """Return the host ports of containers and sidecars, sorted.

    With hostNetwork the API server makes every container port a host port.
    """
    ports = {
        HostPort(
            ip=each.host_ip or HostPort(port=0).ip,
            protocol=each.protocol or "TCP",
            port=each.host_port or each.container_port,
        )
        for container in _lasting(spec)
        for each in container.ports or ()
        if each.host_port or (spec.host_network and each.container_port)
    }
    return tuple(sorted(ports))


def _lasting(spec: PodSpec) -> Iterator[Container]:
    yield from spec.containers
    yield from (each for each in spec.init_containers or () if each.restart_policy == "Always")
