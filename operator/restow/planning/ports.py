"""Host ports as resources: each is a dimension of capacity 1."""

from collections.abc import Iterable
from dataclasses import dataclass

from restow.cluster.objects import HostPort, Pod
from restow.core.frozen import NOTHING, Amounts
from restow.rules.placement.host_ports import EVERY_ADDRESS


@dataclass(frozen=True, slots=True)
class PortNames:
    """The names of the dimensions.

    A port is taken per address. The wildcard takes every address that any pod names for that
    port and protocol, or a dimension of its own where none does.
    """

    addresses: dict[tuple[str, int], tuple[str, ...]]

    def amounts(self, pod: Pod) -> Amounts:
        """Return one of each dimension that the pod takes; ports nobody asked about are none."""
        if not pod.host_ports:
            return NOTHING
        taken: dict[str, int] = {}
        for port in pod.host_ports:
            known = self.addresses.get((port.protocol, port.port), ())
            for address in known if port.ip == EVERY_ADDRESS else (port.ip,):
                if address in known:
                    taken[_name(port, address)] = 1
        return Amounts(taken)


def port_names(asking: Iterable[Pod], everyone: Iterable[Pod]) -> PortNames:
    """Return names for the ports of `asking`, by the addresses that `everyone` names."""
    asked = {(port.protocol, port.port) for pod in asking for port in pod.host_ports}
    addresses: dict[tuple[str, int], set[str]] = {each: set() for each in asked}
    for pod in everyone if asked else ():
        for port in pod.host_ports:
            if (port.protocol, port.port) in asked:
                addresses[port.protocol, port.port].add(port.ip)
    return PortNames(
        {
            each: tuple(sorted(found - {EVERY_ADDRESS})) or (EVERY_ADDRESS,)
            for each, found in sorted(addresses.items())
        }
    )


def _name(port: HostPort, address: str) -> str:
    at = "" if address == EVERY_ADDRESS else f"{address}:"
    return f"hostPort {at}{port.port}/{port.protocol}"
