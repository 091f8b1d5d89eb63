"""PlacementGate: the parameter of the admission policy; it exists only while the gate is armed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from restow.policies.model import Model


class PlacementGateSpec(Model):
    """Whose new pods are gated, and for which plan."""

    plan: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    """Name of the PackingPlan that is being carried out."""
    owners: tuple[Annotated[str, StringConstraints(min_length=1, max_length=128)], ...] = Field(
        default=(), json_schema_extra={"maxItems": 4096}
    )
    """Uids of the controllers whose new pods wait for their place."""


class PlacementGate(Model):
    """While it exists, new pods of its owners are created with the gate restow.dev/place.

    The operator makes it just before it evicts and removes it when the replacements are there; it
    belongs to the operator's pod and goes with it. A kind of our own, because the API server stops
    following a built-in kind for good once no binding names it (kubernetes#130887).
    """

    model_config = ConfigDict(extra="ignore")

    api_version: Literal["restow.dev/v1alpha1"] = "restow.dev/v1alpha1"
    kind: Literal["PlacementGate"] = "PlacementGate"
    metadata: Mapping[str, Any]
    spec: PlacementGateSpec
