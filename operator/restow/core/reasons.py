"""Reason codes: the one vocabulary of refusals in Events, metrics, plans and reports."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Reason(StrEnum):
    """Why not. CamelCase as in Kubernetes conditions; the comment names what it is about."""

    # placement: a node refuses a pod (each mirrors one kube-scheduler filter)
    INSUFFICIENT_RESOURCE = "InsufficientResource"
    NODE_UNSCHEDULABLE = "NodeUnschedulable"
    UNTOLERATED_TAINT = "UntoleratedTaint"
    NODE_NAME_MISMATCH = "NodeNameMismatch"
    NODE_AFFINITY_MISMATCH = "NodeAffinityMismatch"
    HOST_PORT_TAKEN = "HostPortTaken"
    SPREAD_SKEWED = "SpreadSkewed"
    SPREAD_LABEL_MISSING = "SpreadLabelMissing"
    POD_AFFINITY_MISMATCH = "PodAffinityMismatch"
    POD_ANTI_AFFINITY = "PodAntiAffinity"
    EXISTING_POD_ANTI_AFFINITY = "ExistingPodAntiAffinity"
    NODE_FEATURE_MISSING = "NodeFeatureMissing"
    NODE_RULED_OUT = "NodeRuledOut"
    DISK_CONFLICT = "DiskConflict"
    CLAIM_IN_USE = "ClaimInUse"
    CLAIM_NOT_FOUND = "ClaimNotFound"
    CLAIM_LOST = "ClaimLost"
    CLAIM_DELETING = "ClaimDeleting"
    CLAIM_NOT_OWNED = "ClaimNotOwned"
    CLAIM_UNBOUND = "ClaimUnbound"
    VOLUME_NOT_FOUND = "VolumeNotFound"
    VOLUME_UNREACHABLE = "VolumeUnreachable"
    VOLUME_UNREADABLE = "VolumeUnreadable"
    NO_MATCHING_VOLUME = "NoMatchingVolume"
    STORAGE_EXHAUSTED = "StorageExhausted"
    VOLUME_LIMIT = "VolumeLimit"
    DRIVER_MISSING = "DriverMissing"
    VOLUME_ZONE_MISMATCH = "VolumeZoneMismatch"
    NODE_LEAVING = "NodeLeaving"
    NODE_NOT_SELECTED = "NodeNotSelected"
    RESOURCE_CLAIM_UNREACHABLE = "ResourceClaimUnreachable"
    DEVICES_UNAVAILABLE = "DevicesUnavailable"
    DEVICE_REQUEST_INVALID = "DeviceRequestInvalid"
    RESOURCE_CLAIM = "ResourceClaim"
    NO_NUMA_ZONE = "NoNumaZone"
    # never moved, placed by nomination only
    POD_GROUP = "PodGroup"
    # moving: a running pod must stay
    NO_CONTROLLER = "NoController"
    DAEMON_SET = "DaemonSet"
    STATIC_POD = "StaticPod"
    SYSTEM_CRITICAL = "SystemCritical"
    FOREIGN_SCHEDULER = "ForeignScheduler"
    OPTED_OUT = "OptedOut"
    JOB_NOT_ALLOWED = "JobNotAllowed"
    LOCAL_STORAGE = "LocalStorage"
    ALREADY_LEAVING = "AlreadyLeaving"
    NOT_RUNNING = "NotRunning"
    TOO_YOUNG = "TooYoung"
    COOLING_DOWN = "CoolingDown"
    SINGLE_REPLICA = "SingleReplica"
    BUDGET_EXHAUSTED = "BudgetExhausted"
    SEVERAL_BUDGETS = "SeveralBudgets"
    SHARED_GPU = "SharedGpu"
    TOPOLOGY_PINNED = "TopologyPinned"
    RESOURCE_CLAIM_PINNED = "ResourceClaimPinned"
    HOLDS_DEVICES = "HoldsDevices"
    VOLUME_PINNED = "VolumePinned"
    MACHINE = "VirtualMachine"
    MACHINE_UNKNOWN = "MachineUnknown"
    MACHINE_IMMOBILE = "MachineNotMigratable"
    MACHINE_BUSY = "MachineMigrating"
    MIGRATION_UNTARGETED = "MigrationUntargeted"
    NOT_SELECTED = "NotSelected"
    # a pending pod is not (yet) ours to place
    GATED = "SchedulingGated"
    NOT_UNSCHEDULABLE = "NotUnschedulable"
    IN_GRACE = "InGrace"
    NO_POLICY = "NoPolicy"
    MIGRATION_TARGET = "MigrationTarget"
    # a decision
    NO_ROOM = "NoRoom"
    ROOM_LEAVING = "RoomLeaving"
    LIMIT_REACHED = "LimitReached"
    OUT_OF_TIME = "OutOfTime"
    # bad input
    BAD_ANNOTATION = "BadAnnotation"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule's no: the code, and the facts in words for a person.

    A node's no to a pod leaves the node's name out, so that equal ones of many nodes can be
    counted: it reads after `3 nodes: ` as well as after `node a: `. `upstream` has the texts by
    which kube-scheduler counts the node in "0/N nodes are available: …", verbatim; a node that
    lacks two resources has two. Empty for what kube-scheduler does not ask. `aborts`:
    kube-scheduler ends its attempt here with an error, whatever the other nodes say. `on_binding`:
    its filters take the node, and it fails each time that it binds the pod there, or kubelet ends
    the pod.
    """

    reason: Reason
    message: str
    upstream: tuple[str, ...] = ()
    aborts: bool = False
    on_binding: bool = False

    def by(self, node: str) -> "Refusal":
        """Return the same no, with the name of the node that says it."""
        return replace(self, message=f"node {node}: {self.message}")
