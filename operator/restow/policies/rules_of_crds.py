"""What the API server itself refuses, beyond types: CEL rules and list semantics, by model."""

from typing import Any, Final

Rule = dict[str, str]


def of(model: str) -> dict[str, Any]:
    """Return the `x-kubernetes-…` keywords of the schema of `model`; empty for most models."""
    rules = RULES.get(model)
    return {"x-kubernetes-validations": [dict(rule) for rule in rules]} if rules else {}


def _rule(rule: str, message: str, field: str = "") -> Rule:
    made = {"rule": rule, "message": message}
    return made | {"fieldPath": field} if field else made


def _fits(what: str) -> Rule:
    plan, hour = f"self.{what}PerPlan", f"self.{what}PerHour"
    return _rule(
        f"!has({plan}) || !has({hour}) || {plan} <= {hour}",
        f"{what}PerPlan is more than {what}PerHour: lower the one or raise the other",
        f".{what}PerPlan",
    )


def _remembered(field: str) -> Rule:
    cooldown = f"self.moving.{field}"
    return _rule(
        f"!has(self.moving) || !has({cooldown}) || !has(self.finishedPlanTtlSeconds) || "
        f"{cooldown} <= self.finishedPlanTtlSeconds",
        f"{field} is more than finishedPlanTtlSeconds: moves are known from the plans",
        f".moving.{field}",
    )


def _only(field: str, *objectives: str) -> Rule:
    return _rule(
        f"!has(self.{field}) || self.objective in {list(objectives)}",
        f"{field} is for objective {' and '.join(objectives)} alone: leave it out",
        f".{field}",
    )


_FIVE_FIELDS: Final = _rule(
    r"self.cron.matches('^\\s*\\S+(\\s+\\S+){4}\\s*$')",
    'cron needs five fields: minute, hour, day of month, month, day of week ("0 22 * * 1")',
    ".cron",
)

RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "Limits": (
        _fits("moves"),
        _fits("evictions"),
        _rule(
            "!has(self.movesPerDay) || !has(self.movesPerPlan) || "
            "self.movesPerPlan <= self.movesPerDay",
            "movesPerPlan is more than movesPerDay: lower the one or raise the other",
            ".movesPerPlan",
        ),
    ),
    "PackingPolicySpec": (
        _remembered("cooldownSeconds"),
        _remembered("workloadCooldownSeconds"),
    ),
    "Rescheduling": (
        _only("untilFragmentation", "Defragment"),
        _only("untilUtilization", "Balance"),
        _only("drain", "Drain"),
        _only("pricePerMigration", "Defragment", "Consolidate"),
        _rule(
            "self.objective != 'Balance' || has(self.untilUtilization)",
            "Balance needs untilUtilization: what share of a node may be asked for, such as 0.8",
        ),
        _rule(
            "!has(self.learnShapesDays) || !has(self.shapes) || size(self.shapes) == 0",
            "shapes are written already: leave learnShapesDays out",
            ".learnShapesDays",
        ),
        _rule(
            "!has(self.pricePerMigration) || !has(self.untilFragmentation)",
            "a goal is to be reached whatever the migrations cost: leave pricePerMigration out",
            ".pricePerMigration",
        ),
    ),
    "SelectorExpression": (
        _rule(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            "In and NotIn need values, Exists and DoesNotExist take none",
            ".values",
        ),
    ),
    "Schedule": (_FIVE_FIELDS,),
    "Window": (_FIVE_FIELDS,),
    "PackingPlanSpec": (
        _rule("self == oldSelf", "a plan never changes: delete it, and restow makes another one"),
    ),
    "PlanStep": (
        _rule("(self.action == 'Place') != has(self.from)", "all but Place need from", ".from"),
        _rule("(self.action == 'Evict') != has(self.to)", "all but Evict need to", ".to"),
        _rule(
            "!has(self.from) || !has(self.to) || self.from != self.to",
            "from and to are the same node",
            ".to",
        ),
    ),
    "PackingPlanStatus": (
        _rule(
            "!has(oldSelf.phase) || "
            "!(oldSelf.phase in ['Completed', 'Aborted', 'Stale', 'Superseded']) || "
            "(has(self.phase) && self.phase == oldSelf.phase)",
            "a finished plan stays finished",
            ".phase",
        ),
    ),
}
"""By the name of the model; the pydantic validators of the same model say the same and more."""
