"""The API server says no to what is done with placeholders: 409, 429, and 500."""

from collections.abc import Iterator

import pytest

from e2e.cluster.backend import Backend
from e2e.faulty_server import FaultyServer
from e2e.plans import phase, wait_clean
from e2e.process_operator import ProcessOperator
from e2e.release import NAMESPACE, Release
from e2e.scenario import Scenario
from e2e.waiting import eventually
from e2e.whole_plans.judge import placeholders

pytestmark = pytest.mark.cluster

STATUSES = (409, 429, 500)
HELD = rf"/namespaces/{NAMESPACE}/pods/restow-placeholder-[0-9a-f]+"
CALLS = {
    "create": ("POST", rf"/namespaces/{NAMESPACE}/pods$"),
    "nominate": ("PATCH", rf"{HELD}/status$"),
    "bind-beneath": ("POST", r"/pods/training-[a-z0-9-]+/binding$"),
    "delete": ("DELETE", rf"{HELD}$"),
}


@pytest.fixture(params=CALLS)
def faulty(
    request: pytest.FixtureRequest, release: Release, backend: Backend
) -> Iterator[FaultyServer]:
    """An API server that fails three of the calls."""
    if backend.runs_images:
        pytest.skip("the operator's pod reaches the API server past any proxy")
    method, path = CALLS[request.param]
    with FaultyServer(release.identity().kubeconfig, method, path, STATUSES) as server:
        yield server


def test_plan_survives_whatever_the_api_server_answers_to_a_call_about_placeholders(
    scenario: Scenario, release: Release, backend: Backend, faulty: FaultyServer
) -> None:
    """The first three calls of a kind fail; then the plan goes on and leaves nothing behind."""
    log = backend.workdir / f"operator-{scenario.namespace}.log"
    identity = release.identity()._replace(kubeconfig=faulty.kubeconfig)
    operator = ProcessOperator(identity, log, backend.environment)
    scenario.stage("stranded-8gpu")
    try:
        operator.start()
        scenario.apply_sample("stranded-8gpu", "policy", "pending")
        scenario.wait_running(9)
        eventually(
            lambda: [phase(plan) for plan in scenario.plans()],
            within_s=20,
            what="the plan is carried out",
            until=lambda phases: bool(phases) and set(phases) == {"Completed"},
        )
        wait_clean(scenario)
        assert placeholders(scenario.mirrors["Pod"].all()) == []
        assert faulty.to_come == []
    finally:
        operator.stop()
        print(operator.tail(200))
