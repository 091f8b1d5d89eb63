"""Rules that stand aside because the cluster does not serve what they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from restow.cluster.snapshot import Snapshot

_ABOUT: Final[Mapping[str, str]] = {
    "ResourceClaim": "DynamicResources",
    "ResourceClaimTemplate": "DynamicResources",
    "ResourceSlice": "DynamicResources",
    "DeviceClass": "DynamicResources",
    "DeviceTaintRule": "DynamicResources (taints by DeviceTaintRule)",
    "PodGroup": "GangScheduling",
    "Workload": "GangScheduling",
    "CSIStorageCapacity": "VolumeBinding (storage capacity)",
    "VolumeAttachment": "NodeVolumeLimits (volumes that are still attached)",
}
"""Per kind that a cluster may do without, kube-scheduler's plugin that reads it."""

_NO_FILTERS: Final = frozenset(
    {
        "VirtualMachineInstance",
        "VirtualMachineInstanceMigration",
        "KubeVirt",
        "MigrationPolicy",
        "NodeResourceTopology",
        "NodeClaim",
    }
)
"""Kinds that no filter of kube-scheduler reads: without them there is nothing to be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """One rule that says nothing in this cluster.

    Parameters
    ----------
    rule
        Upstream's name of the plugin, and of its part if it is not all of it.
    kinds
        The kinds that are not served, sorted.
    """

    rule: str
    kinds: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The rule, and why it stands aside."""
        return f"{self.rule}: the cluster does not serve {', '.join(self.kinds)}"


def standing_aside(snapshot: Snapshot) -> tuple[Aside, ...]:
    """Return the rules that need what the cluster does not serve, sorted."""
    found: dict[str, list[str]] = {}
    for kind in sorted(snapshot.absent - _NO_FILTERS):
        found.setdefault(_ABOUT.get(kind, f"whatever reads {kind}"), []).append(kind)
    return tuple(Aside(rule=rule, kinds=tuple(kinds)) for rule, kinds in sorted(found.items()))
