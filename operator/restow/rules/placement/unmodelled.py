"""Parts of a pod's spec that restow does not plan with yet: never moved, placed by nomination only.

Upstream: plugins volumebinding, dynamicresources, gangscheduling.
"""

from dataclasses import dataclass
from typing import Final, Self

from restow.cluster.objects import Feature, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Reason, Refusal

_OWN: Final = (
    (Feature.POD_GROUP, Reason.POD_GROUP, "it belongs to a pod group"),
    (Feature.RESOURCE_CLAIM, Reason.RESOURCE_CLAIM, "it has resource claims"),
    (Feature.VOLUME_CLAIM, Reason.VOLUME_CLAIM, "it has volumes that bind it to nodes"),
    (Feature.NODE_FEATURE, Reason.NODE_FEATURE, "it needs a feature that nodes declare"),
)


def of(pod: Pod) -> Refusal | None:
    """Return the first rule beyond restow that the pod's own spec brings in, or None."""
    if not pod.features:
        return None
    for feature, reason, fact in _OWN:
        if feature in pod.features:
            return Refusal(reason, f"restow does not model this yet: {fact}")
    return None


@dataclass(frozen=True, slots=True)
class TermIndex:
    """What `of` says, by the name that the rules of moving still ask."""

    @classmethod
    def of(cls, _: Snapshot) -> Self:
        """Return the index; nothing of the snapshot matters."""
        return cls()

    def refuse(self, pod: Pod) -> Refusal | None:
        """Return the rule beyond restow that concerns `pod`, or None."""
        return of(pod)
