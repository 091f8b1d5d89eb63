"""An Explanation as JSON, for tools."""

from collections.abc import Mapping
from typing import Any

from restow.core.reasons import Refusal
from restow.explain.change import Alone, Change
from restow.explain.obstacles import Obstacles
from restow.explain.pod import Explanation
from restow.explain.staying import Staying
from restow.planning.document import document as plan_document

Json = dict[str, Any]


def document(explanation: Explanation) -> Json:
    """Return what `restow explain pod -o json` prints; fields that say nothing are left out.

    `pod`, `policy` (null for none), then `noWork`, `nodes`, `nearest`, `change` for a pod without
    a node, or `moving` for one that has one, and `standingAside`.
    """
    pod = explanation.pod
    body: Json = {
        "pod": {"namespace": pod.key.namespace, "name": pod.key.name, "uid": pod.uid},
        "policy": None if explanation.policy is None else explanation.policy.name,
    }
    if pod.node is not None:
        body["node"] = pod.node
    if explanation.no_work is not None:
        body["noWork"] = _refusal(explanation.no_work)
    if explanation.obstacles is not None:
        body |= _obstacles(explanation.obstacles)
    if explanation.alone is not None:
        body["change"] = _change(explanation.alone)
    if explanation.staying is not None:
        body["moving"] = _moving(explanation.staying)
    if explanation.aside:
        body["standingAside"] = [
            {"rule": each.rule, "kinds": list(each.kinds)} for each in explanation.aside
        ]
    return body


def _refusal(no: Refusal) -> Json:
    return {"reason": no.reason.value, "message": no.message}


def _obstacles(found: Obstacles) -> Json:
    count = found.count
    return {
        "nodes": {
            "total": count.nodes,
            "available": list(count.available),
            "message": count.sentence,
            "counts": dict(count.tally),
            "refused": [
                {
                    "reason": each.reason.value,
                    "counted": list(each.counted),
                    "messages": list(each.messages),
                    "nodes": list(each.nodes),
                }
                for each in count.refused
            ],
        },
        "nearest": [
            {
                "nodes": list(each.nodes),
                "kind": each.kind,
                "lacks": list(each.lacks),
                "remains": list(each.remains),
                "staying": {reason.value: pods for reason, pods in each.staying},
            }
            for each in found.nearest
        ],
        "budgetsInTheWay": [str(key) for key in found.budgets],
    }


def _change(alone: Alone) -> Json:
    body: Json = {"options": [_option(each) for each in alone.changes]}
    if len(alone.party) > 1:
        body["group"] = [pod.key.name for pod in alone.party]
    if alone.waits is not None:
        body["waits"] = {"reason": alone.waits.reason.value, "message": alone.waits.message}
    if alone.verdict is not None:
        body["refused"] = {
            "reason": alone.verdict.reason.value,
            "message": alone.verdict.said,
            "proven": alone.verdict.proven,
        }
    return body


def _option(change: Change) -> Json:
    plan: Mapping[str, Any] = plan_document(change.plan).model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    return {
        "ignores": change.leeway.value,
        "steps": plan["spec"]["steps"],
        "disturbed": plan["status"]["solve"]["disturbed"],
    }


def _moving(found: Staying) -> Json:
    body: Json = {
        "allowed": not found.reasons,
        "reasons": [_refusal(no) for no in found.reasons],
        "moveCost": found.wishes.move_cost,
        "elsewhere": list(found.elsewhere),
    }
    if found.budget is not None:
        body["budget"] = {
            "name": str(found.budget.key),
            "disruptionsAllowed": found.budget.disruptions_allowed,
        }
    return body
