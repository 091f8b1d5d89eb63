"""Every right that the chart grants is used by some scenario, and no request was refused."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from e2e.client import Client, Json
from e2e.cluster.backend import Backend
from e2e.cluster.local import LocalCluster
from e2e.release import NAME, Release

pytestmark = [pytest.mark.cluster, pytest.mark.looks_back]


class Right(NamedTuple):
    """One verb on one resource (with its subresource, if any)."""

    verb: str
    group: str
    resource: str


@pytest.fixture
def requests(backend: Backend, request: pytest.FixtureRequest) -> list[Json]:
    """What the operator asked of the API server, for a session that ran every scenario."""
    if not isinstance(backend, LocalCluster):
        pytest.skip("only the local API server keeps an audit log for us")
    here = Path(__file__).parent
    run = {item.path for item in request.session.items}
    if missing := {path.name for path in here.glob("test_*.py") if path not in run}:
        pytest.skip(f"judges the whole suite only; not run: {', '.join(sorted(missing))}")
    return [json.loads(line) for line in backend.audit_log.read_text().splitlines()]


def asked(entry: Json) -> Right:
    """Return the right that a request needs."""
    about = entry["objectRef"]
    parts = [about["resource"], *([about["subresource"]] if about.get("subresource") else [])]
    return Right(entry["verb"], about.get("apiGroup", ""), "/".join(parts))


def rights(entry: Json) -> set[Right]:
    """Return the rights that a request needs; a patch that made its object needs create as well."""
    right = asked(entry)
    made = right.verb == "patch" and entry["responseStatus"]["code"] == 201
    return {right, right._replace(verb="create")} if made else {right}


def test_every_right_of_the_chart_is_used(
    requests: list[Json], cluster: Client, release: Release
) -> None:
    answer = json.loads(
        cluster.kubectl(
            "get",
            "clusterroles,roles",
            "--all-namespaces",
            f"--selector=app.kubernetes.io/instance={NAME}",
            "-ojson",
        )
    )
    granted = {
        Right(verb, group, resource)
        for role in answer["items"]
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule.get("apiGroups", ())
        for resource in rule.get("resources", ())
    }
    assert granted
    used = {right for entry in requests if "objectRef" in entry for right in rights(entry)}
    assert not sorted(granted - used), "granted and never used"


def test_the_operator_was_never_refused_a_right(requests: list[Json]) -> None:
    """By the authorizer's own word: a namespace that is going answers 403 to those who may, too."""
    decided = [(entry, entry["annotations"]["authorization.k8s.io/decision"]) for entry in requests]
    assert any(decision == "allow" for _, decision in decided)
    assert not {asked(entry) for entry, decision in decided if decision != "allow"}
