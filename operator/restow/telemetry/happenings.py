"""Names of what restow logs; constant, so that a search for one finds every line of its kind.

The facts of a line are fields (`plan`, `policy`, `pod`, `node`, `reason`), never part of the name.
"""

from typing import Final

STARTED: Final = "started"
STOPPING: Final = "stopping"
STOPPED: Final = "stopped"
SYNCED: Final = "cluster read in full"
NOT_SYNCED: Final = "cluster not read in full"
STALE: Final = "cluster view is stale"
UNKNOWN: Final = "kinds that cannot be read"
LEADING: Final = "leading"
FOLLOWING: Final = "following"
RECOVERED: Final = "recovered"
POLICY_READ: Final = "policy read"
POLICY_REFUSED: Final = "policy refused"
POLICY_GONE: Final = "policy gone"
DECIDED: Final = "decided"
LOOKED: Final = "looked at fragmentation"
PUT_OFF: Final = "rescheduling put off"
MOVED_BACK: Final = "moved back and forth"
PLAN_REFUSED: Final = "plan refused"
PLAN_STORED: Final = "plan stored"
PLAN_PHASE: Final = "plan phase"
PLAN_REMOVED: Final = "plan removed"
ACT: Final = "act"
WISH_REFUSED: Final = "wish refused"
EVENT_REFUSED: Final = "event refused"
LEASE_REFUSED: Final = "lease refused"
FAILED: Final = "failed"
