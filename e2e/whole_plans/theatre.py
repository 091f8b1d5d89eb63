"""A control plane with restow's chart and its operator, for many draws one after another."""

from collections.abc import Iterator
from contextlib import contextmanager

from e2e.client import Client
from e2e.cluster.local import LocalCluster
from e2e.mirror import Mirrors
from e2e.process_operator import ProcessOperator
from e2e.release import Release
from e2e.watches import BudgetWatch, GateWatch
from e2e.whole_plans.judge import placeholders
from e2e.whole_plans.play import Stage


class Theatre:
    """A stage, and the promises that hold whatever is played on it."""

    def __init__(self, client: Client, mirrors: Mirrors, operator: ProcessOperator) -> None:
        self.stage = Stage(client, mirrors)
        self.operator = operator
        self._mirrors = mirrors
        self._budgets, self._gates = BudgetWatch(mirrors), GateWatch(mirrors)

    @property
    def evictions(self) -> int:
        """How many pods were evicted so far."""
        return self._budgets.evictions

    @property
    def gated(self) -> int:
        """How many pods were held by the gate so far."""
        return self._gates.gated

    def broken_promises(self) -> list[str]:
        """Return each broken budget, each gate that stayed too long, each placeholder left."""
        left = placeholders(self._mirrors["Pod"].all())
        return [*self._budgets.violations, *self._gates.violations, *left]


@contextmanager
def theatre() -> Iterator[Theatre]:
    """Start a cluster with the operator; it is gone afterwards."""
    backend = LocalCluster()
    try:
        client = Client(backend.create())
        release = Release(client, backend)
        release.install()
        mirrors = Mirrors(client)
        log = backend.workdir / "operator.log"
        operator = ProcessOperator(release.identity(), log, backend.environment)
        try:
            operator.start()
            yield Theatre(client, mirrors, operator)
        finally:
            operator.stop()
            mirrors.close()
            client.close()
    finally:
        backend.delete()
