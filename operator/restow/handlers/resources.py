"""What happens to policies and plans in the cluster, put on the desk."""

from typing import Any

import kopf

from restow.app.desk import read_plan, read_policy
from restow.core.errors import InputError
from restow.core.marks import GROUP, VERSION
from restow.handlers.registry import REGISTRY
from restow.telemetry import happenings, logs

_log = logs.logger("handlers")


@kopf.on.event(GROUP, VERSION, "packingpolicies", registry=REGISTRY)
async def policy_seen(event: kopf.RawEvent, name: str, memo: kopf.Memo, **_: Any) -> None:
    """Put a policy down, usable or not; or forget it."""
    if event["type"] == "DELETED":
        memo.hand(memo.desk.drop_policy, name)
    else:
        memo.hand(memo.desk.put_policy, read_policy(event["object"]))


@kopf.on.event(GROUP, VERSION, "packingplans", registry=REGISTRY)
async def plan_seen(event: kopf.RawEvent, name: str, memo: kopf.Memo, **_: Any) -> None:
    """Put a plan down, approved or not; or forget it."""
    if event["type"] == "DELETED":
        memo.hand(memo.desk.drop_plan, name)
        return
    try:
        memo.hand(memo.desk.put_plan, read_plan(event["object"]))
    except InputError as error:
        _log.warning(happenings.PLAN_REFUSED, plan=name, why=str(error))
