"""The policies and plans as last seen: handlers put them down, the loop reads them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from restow.app import ledger
from restow.core.errors import InputError
from restow.core.ids import Uid
from restow.policies.coverage import Policy
from restow.policies.invalid import checked, mistakes
from restow.policies.packing_plan import PackingPlan
from restow.policies.packing_policy import PackingPolicySpec, PackingPolicyStatus

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPolicy:
    """A PackingPolicy as it is in the cluster.

    Parameters
    ----------
    policy
        None when the spec cannot be used; `mistakes` then say why, and are empty otherwise.
    generation
        Generation of the spec.
    """

    name: str
    uid: Uid
    resource_version: int
    generation: int
    policy: Policy | None
    mistakes: tuple[InputError, ...]
    status: PackingPolicyStatus


def read_policy(body: Body) -> SeenPolicy:
    """Return the policy of an object from the API server, usable or not."""
    metadata = body["metadata"]
    name, where = str(metadata["name"]), f"PackingPolicy {metadata['name']}"
    wrong = mistakes(PackingPolicySpec, body.get("spec") or {}, where=where, at="spec")
    spec = None if wrong else PackingPolicySpec.model_validate(body.get("spec") or {})
    status = body.get("status") or {}
    broken = mistakes(PackingPolicyStatus, status, where=where, at="status")
    return SeenPolicy(
        name=name,
        uid=Uid(str(metadata.get("uid", ""))),
        resource_version=version_of(metadata),
        generation=int(metadata.get("generation", 0)),
        policy=None if spec is None else Policy(name=name, spec=spec),
        mistakes=wrong,
        status=PackingPolicyStatus() if broken else PackingPolicyStatus.model_validate(status),
    )


def read_plan(body: Body) -> PackingPlan:
    """Return the plan of an object from the API server.

    Raises
    ------
    InputError
        When a stranger wrote a plan that is none.
    """
    return checked(PackingPlan, body, where=f"PackingPlan {body['metadata']['name']}")


def version_of(metadata: Body) -> int:
    """Return the resource version, which Kubernetes 1.35 declares to be an ascending integer."""
    text = str(metadata.get("resourceVersion", ""))
    return int(text) if text.isdigit() else 0


class Desk:
    """Both handlers and the loop put objects here; the newer resource version wins.

    Bound to one event loop; nothing here waits or calls anybody.
    """

    def __init__(self) -> None:
        self._policies: dict[str, SeenPolicy] = {}
        self._plans: dict[str, PackingPlan] = {}
        self.changed = asyncio.Event()

    @property
    def policies(self) -> Mapping[str, SeenPolicy]:
        """All policies by name, the unusable ones too."""
        return self._policies

    @property
    def plans(self) -> Mapping[str, PackingPlan]:
        """All plans by name."""
        return self._plans

    def put_policy(self, new: SeenPolicy) -> None:
        """Take in a policy; a change of its spec wakes the loop."""
        old = self._policies.get(new.name)
        if old is not None and new.resource_version < old.resource_version:
            return
        self._policies[new.name] = new
        if old is None or old.generation != new.generation:
            self.changed.set()

    def put_plan(self, new: PackingPlan) -> None:
        """Take in a plan; a new one and a change of its approval wake the loop."""
        name = ledger.name_of(new)
        old = self._plans.get(name)
        if old is not None and version_of(new.metadata) < version_of(old.metadata):
            return
        self._plans[name] = new
        if old is None or ledger.approved(old) != ledger.approved(new):
            self.changed.set()

    def drop_policy(self, name: str) -> None:
        """Forget a policy that is gone."""
        if self._policies.pop(name, None) is not None:
            self.changed.set()

    def drop_plan(self, name: str) -> None:
        """Forget a plan that is gone."""
        if self._plans.pop(name, None) is not None:
            self.changed.set()

    def usable(self) -> tuple[Policy, ...]:
        """Return the usable policies, sorted by name."""
        return tuple(
            seen.policy for _, seen in sorted(self._policies.items()) if seen.policy is not None
        )
