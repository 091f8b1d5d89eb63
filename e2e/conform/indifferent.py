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
    "restow.cluster.following": "how one snapshot follows from another; conform reads each anew",
    "restow.cluster.parse.images": "what a move costs",
    "restow.cluster.parse.machines": "how machines move",
    "restow.cluster.machines": "how machines move",
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
        "cluster.snapshot": (
            "pod.owner is not None",
            "pod is not None",
            "pod.uid == uid",
            "p.node is None",
        ),
        "cluster.parse.metadata": ("moment.tzinfo is not None", "key != _LAST_APPLIED"),
        "rules.registry": ("answer is not None",),
    },
    "only a snapshot that follows another asks it, and conform reads each anew": {
        "cluster.census": (
            "group in groups",
            "len(kept) == len(pods)",
            "id(pod) not in gone",
            "group in self.groups",
            "(p.key.namespace, p.labels) == group",
        ),
        "cluster.snapshot": (
            "f == 'nodes'",
            "known[f] is mine[f]",
            "name in known",
            "self._changed is None",
            "self._changed is not None",
            "self._changed[0] is not before.pods",
        ),
    },
    "kube-scheduler says nothing of a pod as long as its claims are not made": {
        "cluster.parse.pod_devices": ("each.name not in made",),
    },
    "only a board whose pods come and go asks it, and a plan": {
        "rules.board": (
            "self.snapshot.pods.get(pod.key) is not pod",
            "uid in self._moved",
            "self.node_of(uid) is not None",
            "node not in self._on",
            "self._devices is None",
        ),
        "rules.devices.candidates": ("unit.id in only",),
        "rules.devices.demand": (
            "pod.node == node.name",
            "allocate(tuple(claims.values()), node, ledger.stock()) is not None",
            "demand is None",
            "self.special is None",
        ),
        "rules.devices.ledger": (
            "special is not None",
            "claim.allocation is not None",
            "each.owner is not None",
            "own in self._changed",
            "claim.owner == pod.uid",
            "found is not None",
            "found is None",
            "each.claim is not None",
            "pod.uid in claim.reserved_for",
            "each is not None",
            "each.allocation is not None",
        ),
    },
    "as much is left out of a search, or less": {
        "rules.devices.candidates": ("found >= most", "claim in taken_by"),
        "rules.devices.kinds": (
            "use == _FAILS, NotEq",
            "self.of(claim, request, each) is not None, Is",
            "each.units <= units, Lt",
        ),
    },
    "no case that is drawn gives devices back where it would show; unit tests do": {
        "rules.devices.candidates": ("unit in want.units",),
        "rules.devices.kinds": ("want.units is not None", "each.id in units"),
    },
    "hardly drawn: exactly the least amount, in parts of a unit; a unit test asks for it": {
        "rules.devices.capacity": ("asked < least, LtE",),
    },
    "no search that is drawn comes to a dead end again with other counters; a unit test does": {
        "rules.devices.kinds": ("each.pool == pool, NotEq",),
    },
    "no search that is drawn asks for so many devices or takes so long": {
        "rules.devices.allocator": (
            "most > DEEPEST",
            "self._theirs > LONGEST",
        ),
        "rules.devices.stock": ("self._here < 0, LtE",),
        "rules.devices.selectors": ("len(self._answers) >= KEPT",),
    },
    "it is about selectors that restow cannot tell, which are not drawn": {
        "rules.devices.cel_values": ("abs(number) >= _WRITTEN, Gt",),
        "rules.devices.selector_text": (
            "texts[:4] == ['device', '.', 'driver', ']']",
            "last.kind == 'name'",
            "last.kind == 'text'",
            "tokens[place - 1].text != ']'",
        ),
    },
    "nothing that is drawn is late to the moment": {
        "rules.devices.demand": ("waiting + BINDING_TIMEOUT < self.snapshot.taken_at, LtE",),
    },
    "kube-scheduler finds out only when it binds": {
        "rules.devices.demand": ("len(claim.reserved_for - {pod.uid}) >= MOST_PODS, Gt",),
    },
    "the API server has seen to it, with a default or a no": {
        "cluster.parse.devices": ("wire.value is None",),
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
        "rules.devices.candidates": ("found < most, LtE",),  # all that are there are needed
        "rules.devices.extended": ("each.container >= passing.container, Gt",),
        "rules.devices.selector_text": ("place > 2, GtE", "place > 3, GtE"),
        "core.quantity": ("exponent >= 0", "milli >= 0, Gt"),  # as floats, exact at these sizes
    },
    "it is in a message": {
        "core.quantity": ("len(text) <= 40",),
        "rules.devices.demand": ("claim.key.name == SPECIAL", "each.mode == 'All'"),
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
