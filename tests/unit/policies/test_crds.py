import json
from collections.abc import Iterator
from typing import Any

import pytest

from restow.policies import crds, rules_of_crds
from restow.policies.crds import INT_OR_STRING
from restow.policies.packing_policy import PackingPolicySpec

ALLOWED = {
    "description", "type", "format", "nullable", "default", "enum", "pattern", "minLength",
    "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems",
    "maxItems", "minProperties", "maxProperties", "items", "properties", "additionalProperties",
    "required", "x-kubernetes-validations",
}  # fmt: skip
DOCUMENTS = {each["spec"]["names"]["kind"]: each for each in crds.documents()}


def root_of(kind: str) -> dict[str, Any]:
    root: dict[str, Any] = DOCUMENTS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return root


def schemas(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema below `node`, with its path."""
    yield path, node
    for name, each in node.get("properties", {}).items():
        yield from schemas(each, f"{path}.{name}")
    if "items" in node:
        yield from schemas(node["items"], f"{path}[]")
    if "additionalProperties" in node:
        yield from schemas(node["additionalProperties"], f"{path}{{}}")


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_schema_uses_only_keywords_that_structural_schemas_have(kind: str) -> None:
    for path, each in schemas(root_of(kind)):
        if INT_OR_STRING in each:
            assert each["anyOf"] == [{"type": "integer"}, {"type": "string"}], path
            continue
        assert set(each) <= ALLOWED, path
        assert isinstance(each.get("type"), str), path
        is_object = each["type"] == "object" and path != ".metadata"
        assert is_object == (("properties" in each) != ("additionalProperties" in each)), path


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_field_is_described_and_bounded(kind: str) -> None:
    for path, each in schemas(root_of(kind)):
        if path in {"", ".apiVersion", ".kind", ".metadata"} or path.endswith(("[]", "{}")):
            continue
        assert each["description"].endswith("."), path
        if INT_OR_STRING in each:
            assert "pattern" in each, path
            continue
        if each["type"] == "array":
            assert "maxItems" in each, path
        if each["type"] == "string" and "enum" not in each and "format" not in each:
            assert "maxLength" in each, path


def test_defaults_of_the_crd_are_those_of_the_model() -> None:
    def filled(node: dict[str, Any], value: Any) -> Any:
        if "properties" not in node:
            return value
        given = dict(value)
        for name, each in node["properties"].items():
            if name in given or "default" in each:
                given[name] = filled(each, given.get(name, each.get("default")))
        return given

    spec = root_of("PackingPolicy")["properties"]["spec"]
    from_crd = PackingPolicySpec.model_validate_json(json.dumps(filled(spec, {})))
    assert from_crd == PackingPolicySpec()


def test_every_rule_is_in_a_crd() -> None:
    found = {
        rule["rule"]
        for kind in DOCUMENTS
        for _, each in schemas(root_of(kind))
        for rule in each.get("x-kubernetes-validations", ())
    }
    assert found == {rule["rule"] for rules in rules_of_crds.RULES.values() for rule in rules}


def test_documents_are_the_same_each_time_and_free_of_shared_parts() -> None:
    first, second = crds.documents(), crds.documents()
    assert first == second
    first[0]["spec"]["versions"].clear()
    assert crds.documents() == second
