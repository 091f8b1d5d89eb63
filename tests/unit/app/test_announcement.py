import pytest

from restow.app.announcement import Announcement, Tone, Unsaid, about_pod, of_complaint, of_unplaced
from restow.core.ids import ObjectKey, Uid
from restow.core.reasons import Reason
from restow.rules.wishes import Complaint
from tests.support.objects import a_pod
from tests.support.plans import without_node

POD = a_pod("p")


def said(message: str, action: str = "Place") -> Announcement:
    return about_pod(POD.ref, Tone.WARNING, "NoRoom", action, message)


def test_only_news_is_let_through() -> None:
    unsaid = Unsaid()
    texts = ["2 short", "2 short", "1 short", "1 short", "2 short"]
    assert [unsaid.news(said(text)) for text in texts] == [True, False, True, False, True]


def test_other_pods_and_other_matters_are_news() -> None:
    unsaid = Unsaid()
    unsaid.news(said("x"))
    again = about_pod(a_pod("p", uid="reborn").ref, Tone.WARNING, "NoRoom", "Place", "x")
    assert unsaid.news(again)
    assert unsaid.news(said("x", action="Nominate"))


def test_it_forgets_the_oldest_beyond_its_limit() -> None:
    unsaid = Unsaid(most=2)
    for action in ("A", "B", "C"):
        unsaid.news(said("x", action=action))
    assert [unsaid.news(said("x", action=action)) for action in ("B", "C", "A")] == [
        False,
        False,
        True,
    ]


def test_an_unplaced_pod_is_warned_with_the_reason() -> None:
    event = of_unplaced(without_node(POD, reason=Reason.NO_ROOM, message="2 GPUs short"))
    assert (event.kind, event.key, event.tone) == ("Pod", POD.key, "Warning")
    assert (event.reason, event.message) == ("NoRoom", "2 GPUs short")


@pytest.mark.parametrize("annotation", ["restow.dev/movable", "restow.dev/priority"])
def test_a_complaint_names_value_and_remedy(annotation: str) -> None:
    event = of_complaint(
        Complaint(
            kind="Namespace",
            key=ObjectKey("", "team-a"),
            uid=Uid(""),
            annotation=annotation,
            value="perhaps",
            remedy='write "true" or "false"',
        )
    )
    assert event.message == (
        f'{annotation}: \'perhaps\' cannot be used and is ignored; write "true" or "false"'
    )
    assert event.topic == annotation
