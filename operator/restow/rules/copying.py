"""What a live migration copies: the memory of a virtual machine, and what it writes meanwhile.

Pre-copy sends all memory M at a rate B, then what was written meanwhile at a rate D, then what was
written during that, and so on: a geometric series of M B / (B - D) bytes in t = M / (B - D) seconds
(Clark et al., *Live Migration of Virtual Machines*, NSDI 2005, section 3). KubeVirt gives it
`completionTimeoutPerGiB` T for each GB, begun ones in full (no limit if that is 0), and then calls
it off, unless `allowWorkloadDisruption`, which follows `allowPostCopy` where it is not said: then
the machine goes on elsewhere (post-copy, without limit), or is paused, and has that time once more.
Auto-converge slows the machine down by 99 % at most (QEMU `migration/options.c:
DEFAULT_MIGRATE_MAX_CPU_THROTTLE`), and buys no time.

Sources: kubevirt v1.6 `pkg/virt-launcher/virtwrap/live-migration-source.go: newMigrationMonitor,
shouldTriggerTimeout, shouldAssistMigrationToComplete, processInflightMigration`, and beside it
`manager.go: getVMIMigrationDataSize` for the GB (`ScaledValue(resource.Giga)`, rounded up; disks
that are copied as well count too, of which restow knows nothing). What the gate
`MigrationStallDetection` of later versions has otherwise, off by default, is not looked at.

B is KubeVirt's `bandwidthPerMigration`; where that is not limited, nobody knows it, and D is not
looked at. KubeVirt has D in a metric only, in no object: it is asked of Prometheus where one is
named; who knows better says it, in `restow.dev/dirty-rate` on the VirtualMachineInstance.
"""

import math
from typing import Final

from restow.cluster.machines import Machine, MigrationTerms
from restow.core.quantity import value

GB: Final = 10**9
REMEDY: Final = "write bytes per second as a Kubernetes quantity of 0 or more, such as 50Mi"
SLOWEST: Final = 100
"""Into so many parts auto-converge divides, at most, what a machine writes."""


def dirty_rate(machine: Machine) -> int | None:
    """Return how fast the machine writes its memory, in bytes per second; None if nobody knows.

    What is said of it counts before what was measured.

    Raises
    ------
    ValueError
        When what is said is no amount; it is as good as not said.
    """
    if not machine.dirty_rate:
        return machine.measured_rate
    amount = value(machine.dirty_rate)
    if amount < 0:
        raise ValueError(f"{machine.dirty_rate!r} is negative")
    return amount


def copied_bytes(memory_bytes: int, machine: Machine, terms: MigrationTerms) -> float:
    """Return what is sent until the machine goes on elsewhere, at least its memory.

    A migration that would not end by itself sends what fits into KubeVirt's time, and all memory
    once more; infinite where that time is.
    """
    rate = _known_rate(machine)
    if not terms.bandwidth or not rate:
        return memory_bytes
    most = terms.bandwidth * limit_s(memory_bytes, terms) + memory_bytes
    spare = terms.bandwidth - rate
    return most if spare <= 0 else min(most, memory_bytes * terms.bandwidth / spare)


def limit_s(memory_bytes: int, terms: MigrationTerms) -> float:
    """Return how long a migration may take before KubeVirt calls it off or helps, in seconds."""
    if not terms.completion_s_per_gib:
        return math.inf
    return float(terms.completion_s_per_gib * max(1, math.ceil(memory_bytes / GB)))


def patience_s(memory_bytes: int, terms: MigrationTerms) -> float:
    """Return how long a migration is waited for, in seconds: no less than KubeVirt gives it.

    Where KubeVirt has no limit, as long as it has by default.
    """
    limit = limit_s(memory_bytes, terms)
    if math.isinf(limit):
        return limit_s(memory_bytes, MigrationTerms())
    return 2 * limit if terms.disruption else limit


def why_endless(machine: Machine, terms: MigrationTerms) -> str | None:
    """Return why a migration of the machine would be called off for the time it takes, or None."""
    rate = _known_rate(machine)
    if not terms.bandwidth or not rate:
        return None
    memory = machine.memory_bytes or GB
    limit = limit_s(memory, terms)
    if _is_helped(memory, limit, terms):
        return None
    spare = terms.bandwidth - (rate / SLOWEST if terms.auto_converge else rate)
    if spare > 0 and memory / spare <= limit:
        return None
    by = f" by MigrationPolicy {terms.policy}" if terms.policy else ""
    return (
        f"it writes {_told(machine, rate)}, and a migration "
        f"copies {terms.bandwidth // 2**20}Mi{by}: it would not end{_within(terms)}, "
        f"and {_no_help(terms)}"
    )


def _is_helped(memory_bytes: int, limit: float, terms: MigrationTerms) -> bool:
    """Return whether KubeVirt brings to an end what takes too long; a pause only if it is enough.

    Paused, a machine has so much time once more, for all of its memory in the worst case.
    """
    enough = terms.post_copy or memory_bytes <= terms.bandwidth * limit
    return terms.disruption and not math.isinf(limit) and enough


def _within(terms: MigrationTerms) -> str:
    limit = terms.completion_s_per_gib
    return f" within {limit} s for each GB" if limit else ""


def _no_help(terms: MigrationTerms) -> str:
    if terms.disruption and not terms.completion_s_per_gib:
        return (
            "without completionTimeoutPerGiB KubeVirt neither pauses it nor goes over to post-copy"
        )
    if terms.disruption:
        return "a pause is too short to copy it in"
    if terms.auto_converge:
        return "auto-converge slows it down to a hundredth at most"
    return "KubeVirt allows neither auto-converge nor post-copy nor a pause"


def _told(machine: Machine, rate: int) -> str:
    if rate != machine.measured_rate:
        return f"{machine.dirty_rate} of memory a second (restow.dev/dirty-rate)"
    return f"{rate / 2**20:.0f}Mi of memory a second (measured)"


def _known_rate(machine: Machine) -> int:
    try:
        return dirty_rate(machine) or 0
    except ValueError:
        return machine.measured_rate or 0
