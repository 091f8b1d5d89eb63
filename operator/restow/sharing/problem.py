"""What is packed, in integers: nodes with devices, pods, and what each holds of which device."""

from dataclasses import dataclass

FULL = 1000
"""A whole device, in thousandths of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node and its devices, all of one model.

    Parameters
    ----------
    cpu_m
        Millicores.
    memory
        In the unit of all memory of the problem.
    devices
        How many devices it has, of `FULL` thousandths each.
    """

    cpu_m: int
    memory: int
    devices: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PodClass:
    """Pods that may take each other's place.

    Parameters
    ----------
    cpu_m
        Millicores; some, where it asks for no device.
    devices
        On how many devices it is; 0 for none.
    milli
        What it takes of each of them, in thousandths; less than `FULL` only on one device.
    models
        Models of nodes that it may be on; None for all.
    """

    cpu_m: int
    memory: int
    devices: int = 0
    milli: int = 0
    models: frozenset[str] | None = None

    @property
    def total(self) -> int:
        """Return what it takes of all devices, in thousandths of one."""
        return self.devices * self.milli

    def suits(self, model: str) -> bool:
        """Return whether it may be on a node of that model."""
        return self.models is None or model in self.models


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod, and where it is.

    Parameters
    ----------
    kind
        Index of its class.
    node
        None while it is pending.
    devices
        The devices it is on.
    fixed
        Whether it has to stay.
    """

    kind: int
    node: int | None = None
    devices: tuple[int, ...] = ()
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """As much of the devices as possible is to be in use after at most `limit` moves.

    A running pod that is not fixed may move, to other devices of its node too; it must run in the
    end. A pending pod may stay pending. All that leave have left before anybody arrives.
    """

    nodes: tuple[Node, ...]
    kinds: tuple[PodClass, ...]
    pods: tuple[Pod, ...]
    limit: int

    def allocated(self) -> int:
        """Return what is in use now of all devices, in thousandths of one."""
        return sum(self.kinds[pod.kind].total for pod in self.pods if pod.node is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one pod, by its index, starts: one that moves, or one that was pending."""

    pod: int
    node: int
    devices: tuple[int, ...]
