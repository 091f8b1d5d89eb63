"""The CustomResourceDefinitions, generated from the pydantic models as structural schemas."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from pydantic import BaseModel

from restow.core.marks import GROUP, VERSION
from restow.policies import rules_of_crds
from restow.policies.packing_plan import PackingPlan
from restow.policies.packing_policy import PackingPolicy
from restow.policies.placement_gate import PlacementGate

Document = dict[str, Any]

KEPT: Final = (
    "description", "type", "format", "nullable", "default", "enum", "pattern", "minLength",
    "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties",
)  # fmt: skip
"""Keywords that mean in a structural schema what they mean in JSON Schema, in written order."""


INT_OR_STRING: Final = "x-kubernetes-int-or-string"
"""Marks what may be a number or a text; the API server wants both types named beside it."""


def documents() -> list[Document]:
    """Return the CRDs, sorted by name, as the API server takes them."""
    return [
        _definition(
            PackingPlan,
            plural="packingplans",
            short_names=["pplan"],
            columns=[
                _column("Policy", ".spec.policy"),
                _column("Trigger", ".spec.trigger"),
                _column("Phase", ".status.phase"),
                _column("Outcome", ".status.solve.outcome"),
                _column("Moves", ".status.solve.disturbed.moves", kind="integer"),
                _column("Evictions", ".status.solve.disturbed.evictions", kind="integer"),
                _column("Message", ".status.message", priority=1),
                _column("Age", ".metadata.creationTimestamp", kind="date"),
            ],
        ),
        _definition(
            PackingPolicy,
            plural="packingpolicies",
            short_names=["ppol"],
            columns=[
                _column("Mode", ".spec.mode"),
                _column("Valid", '.status.conditions[?(@.type=="Valid")].status'),
                _column("Active", '.status.conditions[?(@.type=="Active")].status'),
                _column("Pending", ".status.pendingPods", kind="integer"),
                _column("Moves/h", ".status.movesLastHour", kind="integer"),
                _column("Evictions/h", ".status.evictionsLastHour", kind="integer"),
                _column("Last plan", ".status.lastPlan.name", priority=1),
                _column("Age", ".metadata.creationTimestamp", kind="date"),
            ],
        ),
        _definition(
            PlacementGate,
            plural="placementgates",
            short_names=["pgate"],
            columns=[
                _column("Plan", ".spec.plan"),
                _column("Owners", ".spec.owners"),
                _column("Age", ".metadata.creationTimestamp", kind="date"),
            ],
            scope="Namespaced",  # so that the operator's pod can own it
        ),
    ]


def schema(model: type[BaseModel]) -> Document:
    """Return the structural OpenAPI v3 schema of a custom resource.

    `$ref` and `allOf` are resolved, an optional value becomes `nullable`, the limits that only CEL
    can state are added from `rules_of_crds`.
    """
    whole = model.model_json_schema(by_alias=True, mode="validation")
    root = _structural(whole, whole.get("$defs", {}))
    root["properties"]["metadata"] = {"type": "object"}
    for name in ("apiVersion", "kind"):
        root["properties"][name] = {"type": "string"}
    if "status" in root["properties"]:
        root["properties"]["status"].pop("default", None)
    root["required"] = ["spec"]
    return root


def _definition(
    model: type[BaseModel],
    *,
    plural: str,
    short_names: list[str],
    columns: list[Document],
    scope: str = "Cluster",
) -> Document:
    kind = model.__name__
    parts: Document = {"subresources": {"status": {}}} if "status" in model.model_fields else {}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": short_names,
                "categories": ["restow"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    **parts,
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": schema(model)},
                }
            ],
        },
    }


def _column(name: str, path: str, *, kind: str = "string", priority: int = 0) -> Document:
    column: Document = {"name": name, "type": kind, "jsonPath": path}
    return column | {"priority": priority} if priority else column


def _structural(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Document:
    """Return one schema without references, unions and keywords the API server refuses."""
    node, title = _resolved(node, definitions)
    result: Document = {key: deepcopy(node[key]) for key in KEPT if key in node}
    for old, new in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if old in node:
            result |= {new: node[old], old: True}
    if "description" in node:
        result["description"] = " ".join(node["description"].split())
    if result.get("type") == "integer":
        result["format"] = "int64"
    if "items" in node:
        result["items"] = _structural(node["items"], definitions)
    if (values := _values_of_map(node)) is not None:
        result["additionalProperties"] = _structural(values, definitions)
    if "required" in node:
        result["required"] = list(node["required"])
    if "properties" in node:
        result["properties"] = {
            name: _structural(each, definitions) for name, each in node["properties"].items()
        }
    if node.get(INT_OR_STRING):
        result |= {INT_OR_STRING: True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
    _shorten_default(result)
    return result | rules_of_crds.of(title)


def _values_of_map(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the values of a map; a structural schema has no patterns for keys."""
    values = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    return next((each for each in values if isinstance(each, Mapping)), None)


def _shorten_default(result: Document) -> None:
    """Leave defaulting to the fields of an object, and say nothing of what is empty."""
    if "default" not in result:
        return
    fields = result.get("properties", {}).values()
    if result["default"] is not None and any("default" in each for each in fields):
        result["default"] = {}
    elif "properties" in result or result["default"] in ([], {}, "", None):
        del result["default"]


def _resolved(
    node: Mapping[str, Any], definitions: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """Return the schema that `$ref` and `anyOf` [schema, null] stand for, and its model's name.

    What stands beside a reference (a description, a default) outweighs what it refers to.
    """
    beside = {key: value for key, value in node.items() if key not in {"$ref", "anyOf"}}
    if "$ref" in node:
        target, title = _resolved(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
        return target | beside, title
    if "anyOf" in node:
        chosen = [each for each in node["anyOf"] if each.get("type") != "null"]
        if sorted(str(each.get("type")) for each in chosen) == ["integer", "string"]:
            text = next(each for each in chosen if each["type"] == "string")
            return {INT_OR_STRING: True, "pattern": text["pattern"]} | beside, ""
        if len(chosen) != 1:
            raise TypeError(f"a structural schema has no union: {node}")
        target, title = _resolved(chosen[0], definitions)
        return target | beside | {"nullable": True}, title
    return dict(node), str(node.get("title", ""))
