"""Names that restow writes into a cluster; the chart and the CRDs use the same ones."""

from typing import Final

GROUP: Final = "restow.dev"
VERSION: Final = "v1alpha1"

GATE: Final = "restow.dev/place"
"""Scheduling gate of a replacement pod that waits for its nomination."""

HOLD: Final = "restow.dev/hold"
"""Scheduling gate of a placeholder, which is never taken away: the pod is deleted instead."""

PLAN: Final = "restow.dev/plan"
"""Annotation on every pod that restow nominated or gated; the value is the plan's name."""

APPROVED: Final = "restow.dev/approved"
"""Annotation on a PackingPlan; `true` lets it be carried out in mode Approve."""

PRIORITY: Final = "restow.dev/priority"
MOVABLE: Final = "restow.dev/movable"
MOVE_COST: Final = "restow.dev/move-cost"
"""The users' wishes on a pod, its controller or its namespace."""

DIRTY_RATE: Final = "restow.dev/dirty-rate"
"""Annotation on a VirtualMachineInstance: how fast it writes its memory, in bytes per second."""

DRAIN: Final = "restow.dev/drain"
"""Annotation on a node; `true` lets a policy of objective Drain move its pods away."""

PLACEMENT_GATE: Final = "restow-gate"
"""PlacementGate in restow's namespace, parameter of the admission policy; exists only while armed.

`spec.plan` is the plan's name, `spec.owners` the uids of the gated controllers. It carries
the label `restow.dev/gate: armed`, by which the policy's binding selects it.
"""

GATE_LABEL: Final = "restow.dev/gate"
