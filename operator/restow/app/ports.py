"""What the loop needs of the cluster's write side; `executors` fulfils it, tests fake it."""

from collections.abc import Mapping
from typing import Any, Protocol

from restow.app.announcement import Announcement
from restow.cluster.snapshot import Snapshot
from restow.planning.acts import Act, ActResult

Body = Mapping[str, Any]


class Hands(Protocol):
    """Carries out acts on pods."""

    async def perform(self, act: Act) -> ActResult:
        """Carry out one act; never raises for an answer of the API server."""


class Documents(Protocol):
    """restow's own objects; every method raises ApiError when the API server says no."""

    async def list_policies(self) -> tuple[Body, ...]:
        """Return all PackingPolicies."""

    async def list_plans(self) -> tuple[Body, ...]:
        """Return all PackingPlans."""

    async def create_plan(self, body: Body) -> Body:
        """Create a plan, its status included; return it as stored."""

    async def patch_plan_status(self, name: str, status: Body) -> Body | None:
        """Replace the status; return the plan as stored, None when it is gone."""

    async def patch_policy_status(self, name: str, status: Body) -> Body | None:
        """Replace the status; return the policy as stored, None when it is gone."""

    async def delete_plan(self, name: str) -> None:
        """Delete a plan; one that is gone already is no error."""


class Voice(Protocol):
    """Says things on objects, as Events."""

    async def say(self, announcement: Announcement) -> None:
        """Post the Event; raises ApiError."""


class Chair(Protocol):
    """The lease: who holds it may act."""

    @property
    def held(self) -> bool:
        """Whether this process may act now."""

    async def release(self) -> None:
        """Give the lease up, so that another one may take it at once."""


class View(Protocol):
    """The cluster as it is seen; `sources.live` is the one."""

    @property
    def synced(self) -> bool:
        """Whether everything was read once."""

    @property
    def generation(self) -> int:
        """Grows with every change."""

    def staleness_s(self) -> float:
        """Return the seconds since the API server was last heard of."""

    def problems(self) -> Mapping[str, str]:
        """Return per kind what is wrong now; empty in health."""

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot; raises SnapshotError before all is read."""

    async def wait_changed(self, timeout_s: float) -> bool:
        """Wait for the next change."""
