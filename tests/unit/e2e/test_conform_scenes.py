"""The random scenes of the differential test: equal numbers give equal ones."""

import json

import pytest

from e2e.conform.generate import named, scene
from e2e.conform.scene import Recorded, Scene, Verdict, recorded


def text(drawn: Scene) -> str:
    return json.dumps([drawn.objects, [(each.pod, each.owned) for each in drawn.probes]])


@pytest.mark.parametrize("index", range(5))
def test_equal_numbers_give_equal_scenes_and_others_do_not(index: int) -> None:
    assert scene(7, index) == scene(7, index)
    assert text(scene(7, index)) != text(scene(8, index))


def test_scene_is_found_by_its_name() -> None:
    drawn = scene(7, 3)
    assert named(drawn.name) == drawn
    again = scene(7, 3, None, "-again")
    assert named(again.name) == again


def test_asking_again_only_gives_other_names_to_what_has_no_namespace() -> None:
    drawn, again = scene(7, 3), scene(7, 3, None, "-again")
    assert text(again).replace("-7-3-again", "-7-3") == text(drawn)
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
