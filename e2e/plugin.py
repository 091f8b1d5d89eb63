"""pytest fixtures: one cluster per session, one namespace per scenario, watches over it all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.client import Client
from e2e.cluster.backend import Backend
from e2e.cluster.current import CurrentCluster
from e2e.cluster.kind import KindCluster
from e2e.cluster.local import LocalCluster
from e2e.crds import NODE_CLAIMS, TOPOLOGIES
from e2e.kubevirt import CRDS
from e2e.mirror import Mirrors
from e2e.operation import Operator
from e2e.pod_operator import PodOperator
from e2e.process_operator import ProcessOperator
from e2e.release import Release
from e2e.scenario import Scenario
from e2e.watches import BudgetWatch, GateWatch

BACKENDS = ("local", "kind", "current")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cluster",
        choices=BACKENDS,
        default="local",
        help="where cluster tests run: a local control plane, kind, or the current kubeconfig",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that look back on the whole session at its end."""
    items.sort(key=lambda item: item.get_closest_marker("looks_back") is not None)


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A cluster that is up; gone after the session."""
    made = make(request.config.getoption("--cluster"))
    try:
        made.create()
        yield made
    finally:
        made.delete()


@pytest.fixture(scope="session")
def cluster(backend: Backend) -> Iterator[Client]:
    """A client with the rights of an administrator."""
    client = Client(backend.workdir / "kubeconfig")
    yield client
    client.close()


@pytest.fixture(scope="session")
def mirrors(cluster: Client) -> Iterator[Mirrors]:
    """Live copies of the cluster's objects."""
    made = Mirrors(cluster)
    yield made
    made.close()


@pytest.fixture(scope="session")
def kubevirt_crds(cluster: Client) -> None:
    """KubeVirt's CRDs, for the rest of the session; `e2e.kubevirt` says what they stand in for."""
    install(cluster, CRDS)


@pytest.fixture(scope="session")
def topology_crd(cluster: Client) -> None:
    """The CRD of NUMA zones, for the rest of the session; `e2e.crds` says what it stands in for."""
    install(cluster, TOPOLOGIES)


@pytest.fixture(scope="session")
def node_claim_crd(cluster: Client) -> None:
    """The CRD of Karpenter's NodeClaims, for the rest of the session; see `e2e.crds`."""
    install(cluster, NODE_CLAIMS)


def install(cluster: Client, crds: Path) -> None:
    """Install CRDs, and wait until they are served."""
    cluster.kubectl("apply", f"--filename={crds}")
    cluster.kubectl("wait", "--for=condition=Established", f"--filename={crds}", "--timeout=30s")


@pytest.fixture(scope="session")
def budget_watch(mirrors: Mirrors) -> BudgetWatch:
    """Looks at every eviction of the session."""
    return BudgetWatch(mirrors)


@pytest.fixture(scope="session")
def gate_watch(mirrors: Mirrors) -> GateWatch:
    """Looks at every gated pod of the session."""
    return GateWatch(mirrors)


@pytest.fixture
def scenario(
    cluster: Client, mirrors: Mirrors, budget_watch: BudgetWatch, gate_watch: GateWatch
) -> Iterator[Scenario]:
    """A namespace of its own; afterwards it is clean again and no promise was broken."""
    made = Scenario(cluster, mirrors)
    broken = len(budget_watch.violations), len(gate_watch.violations)
    yield made
    news = budget_watch.violations[broken[0] :] + gate_watch.violations[broken[1] :]
    made.clean()
    assert not news, "\n".join(news)


@pytest.fixture(scope="session")
def release(cluster: Client, backend: Backend) -> Release:
    """The chart, installed."""
    made = Release(cluster, backend)
    made.install()
    return made


@pytest.fixture
def operator(
    release: Release,
    backend: Backend,
    cluster: Client,
    scenario: Scenario,
    request: pytest.FixtureRequest,
) -> Iterator[Operator]:
    """The operator, ready; its log is printed with a test that fails."""
    made = run_by(backend, release, cluster, scenario.namespace)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        print(f"--- the operator's log ({request.node.name}) ---\n{made.tail(200)}")


def run_by(backend: Backend, release: Release, cluster: Client, run: str) -> Operator:
    """Return the operator of one scenario, not started: a pod where pods run, else a process."""
    if backend.runs_images:
        return PodOperator(cluster)
    log = backend.workdir / f"operator-{run}.log"
    return ProcessOperator(release.identity(), log, backend.environment)


def make(name: str) -> Backend:
    """Return the backend of a name; nothing is started yet."""
    match name:
        case "local":
            return LocalCluster()
        case "kind":
            return KindCluster()
        case _:
            return CurrentCluster()
