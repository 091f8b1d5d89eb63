"""The operator runs with the rights that the chart gives it, and with no others."""

import pytest

from e2e.client import Client, CommandError
from e2e.release import NAMESPACE, Release

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def service_account(release: Release) -> Client:
    """A client that holds only the token of the chart's ServiceAccount."""
    return Client(release.identity().kubeconfig)


def may(client: Client, verb: str, what: str) -> bool:
    """Return whether a client has a right in all namespaces."""
    resource, _, subresource = what.partition("/")
    try:
        answer = client.kubectl(
            "auth", "can-i", verb, resource, f"--subresource={subresource}", "--all-namespaces"
        )
    except CommandError:  # the answer no ends with 1
        return False
    return answer.strip() == "yes"


@pytest.mark.parametrize(
    ("verb", "what"),
    [("list", "pods"), ("watch", "nodes"), ("create", "pods/eviction"), ("create", "pods/binding")],
)
def test_service_account_may_do_what_the_protocol_needs(
    service_account: Client, verb: str, what: str
) -> None:
    assert may(service_account, verb, what)


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("delete", "pods"),
        ("create", "pods"),
        ("create", "pods/exec"),
        ("get", "secrets"),
        ("patch", "nodes"),
        ("update", "deployments"),
        ("escalate", "clusterroles"),
        ("*", "*"),
    ],
)
def test_service_account_may_not_do_more(service_account: Client, verb: str, what: str) -> None:
    assert not may(service_account, verb, what)


def test_no_binding_of_the_release_names_cluster_admin(cluster: Client, release: Release) -> None:
    release.pod()
    bindings = cluster.kubectl(
        "get",
        "clusterrolebindings,rolebindings",
        "--all-namespaces",
        f"--selector=app.kubernetes.io/instance={NAMESPACE.removesuffix('-system')}",
        "-o=jsonpath={range .items[*]}{.roleRef.name}{'\\n'}{end}",
    ).split()
    assert bindings
    assert "cluster-admin" not in bindings
