"""What restow says on objects: one Event per change of what there is to say."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.core.reasons import Reason
from restow.planning.plan import Unplaced
from restow.rules.wishes import Complaint, unusable


class Tone(StrEnum):
    """Type of the Event."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One Event.

    Parameters
    ----------
    kind, key, uid
        The object it is about; `key.namespace` is empty for a cluster-scoped one, `uid` when it
        is not known.
    reason
        One CamelCase word.
    action
        What was or was to be done, one CamelCase word.
    topic
        Sets apart things of one action on one object that are true side by side.
    """

    kind: str
    key: ObjectKey
    uid: Uid
    tone: Tone
    reason: str
    action: str
    message: str
    topic: str = ""


def about_pod(pod: PodRef, tone: Tone, reason: str, action: str, message: str) -> Announcement:
    """Return an announcement on a pod."""
    return Announcement(
        kind="Pod",
        key=pod.key,
        uid=pod.uid,
        tone=tone,
        reason=reason,
        action=action,
        message=message,
    )


def about_node(node: NodeName, reason: str, action: str, message: str) -> Announcement:
    """Return an announcement on a node."""
    return Announcement(
        kind="Node",
        key=ObjectKey("", node),
        uid=Uid(""),
        tone=Tone.NORMAL,
        reason=reason,
        action=action,
        message=message,
    )


def of_unplaced(unplaced: Unplaced) -> Announcement:
    """Return why a pending pod gets no node."""
    return about_pod(unplaced.pod, Tone.WARNING, unplaced.reason.value, "Place", unplaced.message)


def of_complaint(complaint: Complaint) -> Announcement:
    """Return what is wrong with an annotation, on the object that carries it."""
    return Announcement(
        kind=complaint.kind,
        key=complaint.key,
        uid=complaint.uid,
        tone=Tone.WARNING,
        reason=Reason.BAD_ANNOTATION.value,
        action="ReadAnnotation",
        message=(
            f"{complaint.annotation}: {complaint.value!r} cannot be used and is ignored; "
            f"{complaint.remedy}"
        ),
        topic=complaint.annotation,
    )


def of_unusable(snapshot: Snapshot) -> Iterator[Announcement]:
    """Yield what is wrong with annotations, whether or not a decision asks for them now."""
    return map(of_complaint, unusable(snapshot))


class Unsaid:
    """Remembers what was said last on each object under each reason, and lets only news through.

    It forgets the objects said about longest ago beyond `most` of them.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._said: dict[tuple[str, ObjectKey, Uid, str], str] = {}
        self._most = most

    def news(self, announcement: Announcement) -> bool:
        """Return whether this was not the last thing said there, and remember it."""
        topic = (
            announcement.kind,
            announcement.key,
            announcement.uid,
            announcement.action + announcement.topic,
        )
        text = f"{announcement.reason}: {announcement.message}"
        if self._said.get(topic) == text:
            return False
        self._said.pop(topic, None)
        self._said[topic] = text
        while len(self._said) > self._most:
            del self._said[next(iter(self._said))]
        return True
