"""The Kubernetes API's JSON as restow's own objects; the only place that knows its field names.

`wire` is the slim form of each kind, `kind` says how one is read from bytes or from a
document, `pages` reads list pages and watch events.
"""

from restow.cluster.parse.kind import Kind
from restow.cluster.parse.kinds import KINDS, kind_named
from restow.cluster.parse.pages import Bookmark, Event, Failure, Page, Removed, Upsert

__all__ = [
    "KINDS",
    "Bookmark",
    "Event",
    "Failure",
    "Kind",
    "Page",
    "Removed",
    "Upsert",
    "kind_named",
]
