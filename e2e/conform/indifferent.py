"""Comparisons that no case can tell from their opposite, each with its why."""

from collections.abc import Mapping
from typing import Final

from e2e.conform.planting import PACKAGE, Mistake

SILENT: Final[Mapping[str, str]] = {
    "restow.core.errors": "texts of errors",
    "restow.cluster.parse.problems": "texts of errors",
    "restow.sources": "how files are read",
    "restow.cluster.parse.pages": "how lists arrive, which conform does not read",
    "restow.cluster.parse.kinds": "which documents are read at all, and what they are called",
}
"""Modules, by the beginning of their names, whose comparisons say nothing about a placement."""

INDIFFERENT: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "it is about what may move, and why a pod waits, which no filter asks": {
        "cluster.parse.features": (
            "_MIRROR in annotations",
            "volume.host_path is not None",
            "wire.spec.scheduling_group is not None",
            "volume.empty_dir.medium != 'Memory'",
        ),
        "cluster.parse.pods": (
            "each.type == 'PodScheduled'",
            "spec.preemption_policy != 'Never'",
            "each.type == kind",
            "each.status == 'True'",
            "each.status == 'False'",
            "each.reason == 'Unschedulable'",
        ),
        "cluster.parse.others": (
            "wire.status.observed_generation >= (wire.metadata.generation or 0)",
            "kind == 'DaemonSet'",
            "asked is None",
            "kind == 'Job'",
            "count is None",
            "kind == 'StatefulSet'",
            "strategy is None",
            "rolling is None",
            "share == asked",
            "wire.metadata.deletion_timestamp is not None",
            "wire.spec.unhealthy_pod_eviction_policy == 'AlwaysAllow'",
            "wire.preemption_policy != 'Never'",
            "selector is None",
            "each.status == 'True'",
            "each.type == 'Ready'",
        ),
        "cluster.snapshot": ("pod.owner is not None", "pod is not None", "pod.uid == uid"),
        "cluster.parse.metadata": ("moment.tzinfo is not None", "key != _LAST_APPLIED"),
        "rules.registry": ("answer is not None",),
    },
    "the API server has seen to it, with a default or a no": {
        "cluster.parse.features": ("each not in selector.requirements",),
        "cluster.parse.others": ("status.allocatable is not None",),
        "cluster.parse.requests": (
            "name in {'cpu', 'memory'}",
            "name in containers",
        ),
        "cluster.parse.volumes": ("azure.kind is None",),
        "rules.node_selection": ("count > 0, GtE",),
        "cluster.selectors": ("-2 ** 63 <= number < 2 ** 63, Lt",),
        "core.quantity": ("len(text) > _LONGEST, GtE",),
    },
    "both answers come to the same": {
        "cluster.parse.requests": ("amount > total.get(name, -1), GtE",),
        "core.frozen": (
            "need > max(0, other.of(name)), GtE",
            "self._hash is None",
            "self._items == other._items",
            "self._items == dict(other)",
        ),
        "core.quantity": ("exponent >= 0", "milli >= 0, Gt"),  # as floats, exact at these sizes
    },
    "it is in a message": {
        "core.quantity": ("len(text) <= 40",),
        "rules.placement.resources": ("name == 'cpu'",),
    },
    "a survey copies no board": {"rules.board": ("self._carried is None",)},
    "it is NodeName's, of which kube-scheduler cannot be asked": {
        "rules.placement.node_name": (
            "name is None",
            "name == node.name",
            "pod.phase is Phase.PENDING",
        ),
        "rules.survey": ("len(plugins) == 1",),
    },
}
"""Why a comparison makes no difference to what a survey says; per module, as it stands there, or
with the one change that makes none."""

_WHY: Final = {
    (f"{PACKAGE}.{module}", text): why
    for why, found in INDIFFERENT.items()
    for module, texts in found.items()
    for text in texts
}


def why_indifferent(mistake: Mistake) -> str:
    """Return why the mistake makes no difference, empty when it should make one."""
    texts = (mistake.before, f"{mistake.before}, {mistake.after}")
    return next(
        (_WHY[mistake.module, each] for each in texts if (mistake.module, each) in _WHY), ""
    )
