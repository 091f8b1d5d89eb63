"""What a live migration copies: the memory of a virtual machine, and what it writes meanwhile.

Pre-copy sends all memory M at a rate B, then what was written meanwhile at a rate D, then what was
written during that, and so on: a geometric series of M B / (B - D) bytes in t = M / (B - D) seconds
(Clark et al., *Live Migration of Virtual Machines*, NSDI 2005, section 3). KubeVirt gives it
`completionTimeoutPerGiB` for each GiB (no limit if that is 0), then calls it off, unless it may go
over to post-copy or pause the machine (`pkg/virt-launcher/virtwrap/live-migration-source.go:
shouldTriggerTimeout`).

B is KubeVirt's `bandwidthPerMigration`; where that is not limited, nobody knows it, and D is not
looked at. KubeVirt measures D only in a metric (`kubevirt_vmi_dirty_rate_bytes_per_second`), in no
object: who knows it says it, in `restow.dev/dirty-rate` on the VirtualMachineInstance.
"""

import math
from typing import Final

from restow.cluster.machines import KubeVirt, Machine
from restow.core.quantity import value

GIB: Final = 2**30
REMEDY: Final = "write bytes per second as a Kubernetes quantity of 0 or more, such as 50Mi"


def dirty_rate(machine: Machine) -> int | None:
    """Return how fast the machine writes its memory, in bytes per second; None if that is not said.

    Raises
    ------
    ValueError
        When what is said is no amount; it is as good as not said.
    """
    if not machine.dirty_rate:
        return None
    amount = value(machine.dirty_rate)
    if amount < 0:
        raise ValueError(f"{machine.dirty_rate!r} is negative")
    return amount


def copied_bytes(memory_bytes: int, machine: Machine | None, kubevirt: KubeVirt | None) -> float:
    """Return what is sent until the machine goes on elsewhere, at least its memory.

    A migration that would not end by itself sends what fits into KubeVirt's time, and all memory
    once more; infinite where that time is.
    """
    rate = _known_rate(machine)
    if kubevirt is None or not kubevirt.bandwidth or not rate:
        return memory_bytes
    longest_s = (kubevirt.completion_s_per_gib or math.inf) * memory_bytes / GIB
    most = kubevirt.bandwidth * longest_s + memory_bytes
    spare = kubevirt.bandwidth - rate
    return most if spare <= 0 else min(most, memory_bytes * kubevirt.bandwidth / spare)


def why_endless(machine: Machine, kubevirt: KubeVirt | None) -> str | None:
    """Return why a migration of the machine would be called off for the time it takes, or None."""
    rate = _known_rate(machine)
    if kubevirt is None or not kubevirt.bandwidth or not rate or kubevirt.forces_an_end:
        return None
    spare, limit_s = kubevirt.bandwidth - rate, kubevirt.completion_s_per_gib
    if spare * limit_s >= GIB or (not limit_s and spare > 0):
        return None
    within = f" within {limit_s} s for each GiB" if limit_s else ""
    return (
        f"it writes {machine.dirty_rate} of memory a second (restow.dev/dirty-rate), and a "
        f"migration copies {kubevirt.bandwidth // 2**20}Mi: it would not end{within}, and KubeVirt "
        "allows neither auto-converge nor post-copy nor a pause"
    )


def _known_rate(machine: Machine | None) -> int:
    try:
        return (dirty_rate(machine) if machine is not None else None) or 0
    except ValueError:
        return 0
