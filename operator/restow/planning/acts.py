"""What can be done to a cluster, as values: every write of restow to a pod, or to a migration.

An act is idempotent: doing it twice is doing it once. An executor performs it and answers with an
ActResult; it never raises for an answer of the API server.
"""

from dataclasses import dataclass
from enum import StrEnum

from restow.cluster.objects import HostPort, OwnerRef
from restow.core.frozen import Amounts
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Have new pods of `owners` created gated and marked; replaces what was armed."""

    plan: str
    owners: frozenset[Uid]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveGate:
    """Prove by a server-side dry run that a new pod of each of `owners` would be gated."""

    plan: str
    owners: tuple[OwnerRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarm:
    """Take the gate out of force."""

    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nominate:
    """Mark the pod with the plan and set `status.nominatedNodeName`."""

    plan: str
    pod: PodRef
    node: NodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Undo `Nominate`: clear the nomination if the pod is still unbound, and remove the mark."""

    pod: PodRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """A gated pod of restow's own that is nominated to a node, and so holds room there.

    Against pods of no higher priority than its own, until it is deleted: it has no scheduling
    cycles that could fail.
    """

    node: NodeName
    priority: int
    requests: Amounts
    host_ports: tuple[HostPort, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Have the placeholder, in restow's namespace; equal ones of a plan are one.

    `priority_class` is the name of a class of its priority, empty for none.
    """

    plan: str
    placeholder: Placeholder
    priority_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreserve:
    """Delete a placeholder."""

    pod: PodRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Remove the gate from the pod; its mark stays until `Withdraw`."""

    pod: PodRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Evict:
    """Evict through the Eviction API, with the uid and resourceVersion as preconditions."""

    plan: str
    pod: PodRef
    resource_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Bind through the Binding subresource, with the uid as precondition."""

    plan: str
    pod: PodRef
    node: NodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrate:
    """Have KubeVirt migrate a virtual machine live to the node with that host name.

    `pod` is the launcher it leaves, in whose namespace the migration is made under `name`, which
    is the same however often this is done.
    """

    plan: str
    pod: PodRef
    vmi: str
    name: str
    hostname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMigration:
    """Delete a migration that has not ended; the machine stays where it is."""

    migration: ObjectKey
    uid: Uid


Act = (
    Arm
    | ProveGate
    | Disarm
    | Nominate
    | Withdraw
    | Reserve
    | Unreserve
    | Release
    | Evict
    | Bind
    | Migrate
    | CancelMigration
)


class ActStatus(StrEnum):
    """How the API server answered."""

    DONE = "Done"  # also when there was nothing left to do
    BUDGET = "Budget"  # 429 of the Eviction API: no disruption is allowed now
    CONFLICT = "Conflict"  # 409: the object changed; look again
    GONE = "Gone"  # 404, or another uid
    UNAVAILABLE = "Unavailable"  # no gate in force, or the API server lacks the feature
    RETRY = "Retry"  # 5xx, throttled, no answer: try again after a back-off
    REFUSED = "Refused"  # any other no; trying again will not help


@dataclass(frozen=True, slots=True, kw_only=True)
class ActResult:
    """The answer to one act; `message` is the API server's."""

    status: ActStatus
    message: str = ""
