from collections.abc import Iterator

import pytest

from restow.cluster.parse import KINDS, Kind
from restow.core import marks
from tests.chart.rendered import Manifest, render, the

RULES = Iterator[tuple[str, str, str]]


@pytest.fixture(scope="module")
def default() -> list[Manifest]:
    return render()


def grants(role: Manifest) -> RULES:
    """Yield (group, resource, verb)."""
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb


@pytest.mark.parametrize("kind", ["ClusterRole", "Role"])
def test_nothing_is_granted_by_wildcard_or_twice(kind: str, default: list[Manifest]) -> None:
    found = list(grants(the(default, kind)))
    assert not any("*" in part for grant in found for part in grant)
    keyed = [
        (*each, tuple(rule.get("resourceNames", ())))
        for rule in the(default, kind)["rules"]
        for each in grants({"rules": [rule]})
    ]
    assert len(keyed) == len(set(keyed))
    assert all("nonResourceURLs" not in rule for rule in the(default, kind)["rules"])


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_of_the_snapshot_may_be_listed_and_watched(
    kind: Kind, default: list[Manifest]
) -> None:
    group = kind.api_version.rpartition("/")[0]
    found = {
        verb
        for its_group, resource, verb in grants(the(default, "ClusterRole"))
        if (its_group, resource) == (group, kind.plural)
    }
    assert found >= {"list", "watch"}


def test_roles_are_the_releases_own_and_not_cluster_admin(default: list[Manifest]) -> None:
    for binding, role in (("ClusterRoleBinding", "ClusterRole"), ("RoleBinding", "Role")):
        reference = the(default, binding)["roleRef"]
        assert (reference["kind"], reference["name"]) == (role, "restow")
        (subject,) = the(default, binding)["subjects"]
        assert subject == {"kind": "ServiceAccount", "name": "restow", "namespace": "packing"}


def test_pods_leave_only_by_the_eviction_api(default: list[Manifest]) -> None:
    cluster = set(grants(the(default, "ClusterRole")))
    assert ("", "pods/eviction", "create") in cluster
    on_pods = {verb for group, resource, verb in cluster if (group, resource) == ("", "pods")}
    assert on_pods == {"list", "watch", "patch"}


def test_nothing_but_restows_own_kinds_pods_and_migrations_can_be_changed_cluster_wide(
    default: list[Manifest],
) -> None:
    writes = {
        (group, resource.split("/")[0])
        for group, resource, verb in grants(the(default, "ClusterRole"))
        if verb not in {"get", "list", "watch"}
    }
    assert writes == {
        ("", "pods"),
        ("events.k8s.io", "events"),
        (marks.GROUP, "packingpolicies"),
        (marks.GROUP, "packingplans"),
        ("kubevirt.io", "virtualmachineinstancemigrations"),
    }


def test_machines_can_be_migrated_and_nothing_else_be_done_to_them(
    default: list[Manifest],
) -> None:
    writes = {
        (resource, verb)
        for group, resource, verb in grants(the(default, "ClusterRole"))
        if group == "kubevirt.io" and verb not in {"list", "watch"}
    }
    plural = "virtualmachineinstancemigrations"
    assert writes == {(plural, "create"), (plural, "delete")}


def test_secrets_are_nowhere(default: list[Manifest]) -> None:
    for kind in ("ClusterRole", "Role"):
        assert all(resource != "secrets" for _, resource, _ in grants(the(default, kind)))


def test_only_the_gates_parameter_and_the_lease_can_be_changed(default: list[Manifest]) -> None:
    for rule in the(default, "Role")["rules"]:
        if rule["resources"] == ["placementgates"]:
            assert rule["resourceNames"] == [marks.PLACEMENT_GATE]
        if rule["resources"] == ["leases"] and rule["verbs"] != ["create"]:
            assert rule["resourceNames"] == ["restow"]
