"""What the profiles of kube-scheduler's own configuration ask of nodes."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.parse.pods import node_terms
from restow.cluster.parse.problems import FieldError, from_msgspec
from restow.cluster.parse.wire import Wire
from restow.cluster.parse.wire_pod import NodeAffinity

GROUP: Final = "kubescheduler.config.k8s.io"
KIND: Final = "KubeSchedulerConfiguration"

_DEFAULT: Final = "default-scheduler"
_PLUGIN: Final = "NodeAffinity"


class _PluginConfig(Wire, frozen=True):
    name: str | None = None
    args: dict[str, Any] | None = None


class _Profile(Wire, frozen=True):
    scheduler_name: str | None = None
    plugin_config: list[_PluginConfig] | None = None


class _Configuration(Wire, frozen=True):
    profiles: list[_Profile] | None = None


class _Args(Wire, frozen=True):
    added_affinity: NodeAffinity | None = None


def added_affinity(document: Mapping[str, object]) -> Mapping[str, tuple[NodeSelectorTerm, ...]]:
    """Return the required node affinity that each profile adds to its pods, by scheduler name.

    Profiles that add none are absent. Source: `k8s.io/kube-scheduler/config/v1: NodeAffinityArgs`.

    Raises
    ------
    FieldError
        When a field cannot be used.
    """
    try:
        profiles = msgspec.convert(document, _Configuration).profiles or ()
    except msgspec.ValidationError as error:
        raise from_msgspec(str(error), document) from None
    found = {}
    for index, profile in enumerate(profiles):
        for at, plugin in enumerate(profile.plugin_config or ()):
            if plugin.name == _PLUGIN:
                field = f"profiles[{index}].pluginConfig[{at}].args"
                terms = _terms(plugin.args or {}, field)
                if terms is not None:
                    found[profile.scheduler_name or _DEFAULT] = terms
    return found


def _terms(args: Mapping[str, object], field: str) -> tuple[NodeSelectorTerm, ...] | None:
    try:
        affinity = msgspec.convert(args, _Args).added_affinity
    except msgspec.ValidationError as error:
        problem = from_msgspec(str(error), args)
        raise FieldError(f"{field}.{problem.field}", problem.problem, problem.remedy) from None
    if affinity is None or affinity.required is None:
        return None
    return node_terms(
        affinity.required,
        f"{field}.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
    )
