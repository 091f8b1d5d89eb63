"""What a real API server and real helm make of the chart's scenarios."""

from pathlib import Path

import pytest

from e2e.client import Client
from e2e.release import CHART, NAME, NAMESPACE, Release

pytestmark = pytest.mark.cluster

SCENARIOS = sorted((CHART / "ci").glob("*-values.yaml"))


@pytest.fixture
def api(cluster: Client, release: Release) -> Client:
    """A cluster with the chart."""
    release.pod()
    return cluster


def upgrade(api: Client, *arguments: str) -> str:
    """Return what helm would say to an upgrade; nothing changes."""
    return api.helm(
        "upgrade", NAME, str(CHART), f"--namespace={NAMESPACE}", "--dry-run=server", *arguments
    )


@pytest.mark.parametrize("values", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_would_be_installed(api: Client, values: Path) -> None:
    assert f"in namespace {NAMESPACE}" in upgrade(api, f"--values={values}")


def test_policy_that_an_earlier_install_left_is_pointed_out(api: Client) -> None:
    assert "of an earlier install" not in upgrade(api)
    left = {"name": "left", "labels": {"app.kubernetes.io/managed-by": "Helm"}}
    policy = {"apiVersion": "restow.dev/v1alpha1", "kind": "PackingPolicy", "metadata": left}
    api.create(policy | {"spec": {}})
    try:
        said = upgrade(api)
    finally:
        api.delete("PackingPolicy", "left")
    assert "PackingPolicy left of an earlier install is still in force, in mode Observe" in said
    assert "kubectl delete packingpolicy left" in said


def test_crds_and_policies_stay_when_an_upgrade_leaves_them_out(api: Client) -> None:
    kept = upgrade(api, "--set=crds.install=false")
    assert "kind: CustomResourceDefinition" not in kept
    for crd in api.kubectl("get", "crd", "-oname").split():
        annotations = api.kubectl("get", crd, "-ojsonpath={.metadata.annotations}")
        assert '"helm.sh/resource-policy":"keep"' in annotations
