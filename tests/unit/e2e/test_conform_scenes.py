"""The random scenes of the differential test: equal numbers give equal ones."""

import json

import pytest

from e2e.conform.corpus import MARK, corpus
from e2e.conform.generate import scene
from e2e.conform.scene import Recorded, Scene, Verdict, recorded, renamed


def text(drawn: Scene) -> str:
    probes = [(each.pod, each.owned) for each in drawn.probes]
    return json.dumps([drawn.objects, probes], sort_keys=True)


@pytest.mark.parametrize("index", range(5))
def test_equal_numbers_give_equal_scenes_and_others_do_not(index: int) -> None:
    assert scene(7, index) == scene(7, index)
    assert text(scene(7, index)) != text(scene(8, index))


def test_scenes_of_the_corpus_have_names_and_pods_of_their_own() -> None:
    kept = list(corpus())
    assert len({each.name for each in kept}) == len(kept) > 0
    assert all(each.name.startswith(MARK) and each.probes for each in kept)


def test_other_names_are_all_that_is_changed_when_a_scene_is_asked_about_again() -> None:
    drawn = scene(7, 3)
    again = renamed(drawn, "7-3.again")
    assert text(again).replace("-7-3.again", "-7-3") == text(drawn)
    kept = {
        each["metadata"]["name"]
        for each in drawn.objects
        if each["kind"] in {"Node", "PersistentVolume"}
    }
    assert not kept & {each["metadata"]["name"] for each in again.objects}


def test_names_of_a_scene_are_of_no_other_one_besides_what_scenes_share() -> None:
    def own(index: int) -> set[tuple[str, str]]:
        return {
            (each["kind"], each["metadata"]["name"])
            for each in scene(7, index).objects
            if each["kind"] in {"Node", "PersistentVolume", "VolumeAttachment"}
        }

    assert own(1)
    assert not own(1) & own(2)


def test_recording_is_read_as_it_was_written() -> None:
    verdict = Verdict(
        pod={"metadata": {"name": "p"}},
        topics=("NodePorts",),
        node="n",
        reason="",
        message="",
        changed=({"kind": "A"},),
        came=({"kind": "B"},),
    )
    whole = Recorded(name="1-1", objects=({"kind": "Node"},), verdicts=(verdict,))
    document = {
        "name": "1-1",
        "objects": [{"kind": "Node"}],
        "verdicts": [
            {
                "pod": {"metadata": {"name": "p"}},
                "topics": ["NodePorts"],
                "node": "n",
                "reason": "",
                "message": "",
                "changed": [{"kind": "A"}],
                "came": [{"kind": "B"}],
            }
        ],
    }
    assert recorded(document) == whole
    del document["verdicts"][0]["came"]  # type: ignore[attr-defined]
    assert recorded(document).verdicts[0].came == ()
