"""restow's own custom resources, as plain documents."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from kubernetes.aio.client import ApiClient

from restow.core.errors import ApiError
from restow.core.marks import GROUP, VERSION
from restow.executors.calls import JSON_PATCH, Call, Caller

Body = Mapping[str, Any]

_PLANS: Final = "packingplans"
_POLICIES: Final = "packingpolicies"
_ROOT: Final = f"/apis/{GROUP}/{VERSION}"
_PAGE: Final = "500"


class Documents:
    """PackingPlans and PackingPolicies; every method raises ApiError for a no."""

    def __init__(self, api: ApiClient) -> None:
        self._caller = Caller(api, timeout_s=10.0)

    async def list_policies(self) -> tuple[Body, ...]:
        """Return all PackingPolicies.

        Raises
        ------
        ApiError
            When not all of them could be read.
        """
        return await self._list(_POLICIES)

    async def list_plans(self) -> tuple[Body, ...]:
        """Return all PackingPlans.

        Raises
        ------
        ApiError
            When not all of them could be read.
        """
        return await self._list(_PLANS)

    async def create_plan(self, body: Body) -> Body:
        """Create a plan and give it its status, which a create leaves out; return it as stored.

        A plan of that name that is there already, left by an attempt that broke off, is taken
        over: equal names are equal decisions.

        Raises
        ------
        ApiError
            When the API server says no.
        """
        call = Call(method="POST", path=f"{_ROOT}/{_PLANS}", body=body)
        answer = await self._caller.send(call)
        name = str(body["metadata"]["name"])
        if not answer.ok and answer.status != 409:
            raise answer.error(f"create PackingPlan {name}")
        stored = await self.patch_plan_status(name, body["status"])
        if stored is None:
            raise ApiError(f"PackingPlan {name} is gone already", status=404, retryable=True)
        return stored

    async def patch_plan_status(self, name: str, status: Body) -> Body | None:
        """Replace the status; return the plan as stored, None when it is gone.

        Raises
        ------
        ApiError
            When the API server says no.
        """
        return await self._replace_status(_PLANS, name, status)

    async def patch_policy_status(self, name: str, status: Body) -> Body | None:
        """Replace the status; return the policy as stored, None when it is gone.

        Raises
        ------
        ApiError
            When the API server says no.
        """
        return await self._replace_status(_POLICIES, name, status)

    async def delete_plan(self, name: str) -> None:
        """Delete a plan; one that is gone already is no error.

        Raises
        ------
        ApiError
            When the API server says no.
        """
        answer = await self._caller.send(Call(method="DELETE", path=_path(_PLANS, name)))
        if not answer.ok and answer.status != 404:
            raise answer.error(f"delete PackingPlan {name}")

    async def _list(self, plural: str) -> tuple[Body, ...]:
        found: list[Body] = []
        query = {"limit": _PAGE}
        while True:
            call = Call(method="GET", path=f"{_ROOT}/{plural}", query=query)
            answer = await self._caller.send(call)
            if not answer.ok:
                raise answer.error(f"list {plural}")
            page = _body(answer.body)
            found.extend(page["items"])
            token = page["metadata"].get("continue")
            if not token:
                return tuple(found)
            query = {"limit": _PAGE, "continue": token}

    async def _replace_status(self, plural: str, name: str, status: Body) -> Body | None:
        call = Call(
            method="PATCH",
            path=f"{_path(plural, name)}/status",
            content_type=JSON_PATCH,
            body=[{"op": "add", "path": "/status", "value": status}],
        )
        answer = await self._caller.send(call)
        if answer.status == 404:
            return None
        if not answer.ok:
            raise answer.error(f"report on {plural} {name}")
        return _body(answer.body)


def _path(plural: str, name: str) -> str:
    return f"{_ROOT}/{plural}/{quote(name)}"


def _body(body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(body, type=dict[str, Any])
