"""How a disagreement is made small: what is left out, in which order, and when it ends."""

from collections.abc import Sequence

from e2e.client import Json
from e2e.conform.reduction import Reducer, minimal, slimmed, trimmed
from e2e.conform.scene import Probe, Scene, renamed


def a_document(kind: str, name: str, **more: object) -> Json:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **more}


def a_probe(name: str, **spec: object) -> Probe:
    return Probe(pod=a_document("Pod", name, spec={"containers": [], **spec}), topics=())


def a_scene(objects: tuple[Json, ...] = (), probes: tuple[Probe, ...] = ()) -> Scene:
    return Scene(name="1-1", objects=objects, probes=probes or (a_probe("asked"),))


def names(scene: Scene) -> list[str]:
    return [each["metadata"]["name"] for each in scene.objects]


def asked_of(scene: Scene) -> list[str]:
    return [each.pod["metadata"]["name"] for each in scene.probes]


def test_all_items_are_tried_at_once_then_halves_then_single_ones_and_nothing_twice() -> None:
    tried: list[str] = []

    def holds(some: Sequence[str]) -> bool:
        tried.append("".join(some))
        return "c" in tried[-1]

    assert minimal("abcd", holds) == ["c"]
    assert tried == ["", "cd", "d", "c"]


def test_items_that_only_hold_together_all_stay() -> None:
    assert minimal("abcd", lambda some: {"a", "d"} <= set(some)) == ["a", "d"]


def test_nothing_is_asked_of_no_items() -> None:
    assert minimal([], lambda _: False) == []


def test_whole_branches_go_before_their_twigs() -> None:
    tried: list[Json] = []
    document = {"spec": {"a": {"b": 1, "c": 2}, "d": 3}}

    def holds(less: Json) -> bool:
        tried.append(less)
        return "c" in less.get("spec", {}).get("a", {})

    assert slimmed(document, holds) == {"spec": {"a": {"c": 2}}}
    assert tried[:3] == [{}, {"spec": {}}, {"spec": {"d": 3}}]


def test_elements_of_a_list_go_one_by_one() -> None:
    less = slimmed({"taints": [1, 2, 3]}, lambda some: 2 in some.get("taints", ()))
    assert less == {"taints": [2]}


def test_what_names_an_object_is_never_left_out() -> None:
    document = a_document("Node", "n", spec={"unschedulable": True})
    assert slimmed(document, lambda _: True) == a_document("Node", "n")


def test_other_pods_go_before_objects_and_objects_before_fields() -> None:
    tried: list[tuple[list[str], list[str]]] = []

    def holds(scene: Scene) -> bool:
        tried.append((asked_of(scene), names(scene)))
        return True

    scene = a_scene((a_document("Node", "n", spec={}),), (a_probe("other"), a_probe("asked")))
    small = Reducer(holds, tries=100).smallest(scene)
    assert tried[:2] == [(["asked"], ["n"]), (["asked"], [])]
    assert (asked_of(small), names(small)) == (["asked"], [])


def test_fields_of_the_pod_that_is_asked_about_go_first_then_pods_then_nodes() -> None:
    whole = a_scene(
        (
            a_document("PersistentVolume", "v", spec={}),
            a_document("Node", "n", spec={}),
            a_document("Pod", "p", spec={}),
        ),
        (a_probe("other", x=1), a_probe("asked", x=1)),
    )
    order: list[str] = []

    def parts(scene: Scene) -> dict[str, Json]:
        pods = [each.pod for each in scene.probes]
        return {each["metadata"]["name"]: each for each in (*scene.objects, *pods)}

    def holds(scene: Scene) -> bool:
        found = parts(scene)
        if len(found) == len(parts(whole)):
            order.extend(name for name, each in parts(whole).items() if found[name] != each)
        return False

    Reducer(holds, tries=100).smallest(whole)
    assert list(dict.fromkeys(order)) == ["asked", "other", "p", "n", "v"]


def test_tries_are_bounded_and_what_was_reached_counts() -> None:
    asked = 0

    def holds(_: Scene) -> bool:
        nonlocal asked
        asked += 1
        return asked == 1

    scene = a_scene(tuple(a_document("Node", f"n{index}") for index in range(9)))
    small = Reducer(holds, tries=1).smallest(scene)
    assert asked == 1
    assert names(small) == []


def test_it_starts_over_as_long_as_something_went() -> None:
    """A field that only an object kept from going goes in the second round."""

    def holds(scene: Scene) -> bool:
        fields = [each for each in scene.objects if "spec" in each]
        return len(fields) == len(scene.objects) or not scene.probes[-1].pod.get("spec")

    scene = a_scene((a_document("Node", "n", spec={}), a_document("Node", "m", spec={})))
    assert Reducer(holds, tries=1000).smallest(scene).objects == ()


def test_shared_objects_stay_while_something_names_them() -> None:
    def namespace(name: str) -> Json:
        return a_document("Namespace", name)

    pod = a_document("Pod", "p")
    pod["metadata"]["namespace"] = "used"
    assert names(trimmed(a_scene((namespace("used"), namespace("idle"), pod)))) == ["used", "p"]


def test_shared_objects_are_no_candidates() -> None:
    seen: list[list[str]] = []

    def holds(scene: Scene) -> bool:
        seen.append(names(scene))
        return False

    probes = (a_probe("other", x=1), a_probe("asked", x=1))
    Reducer(holds, tries=100).smallest(a_scene((a_document("Namespace", "a"),), probes))
    assert seen
    assert all(each == ["a"] for each in seen)


def test_scene_asked_about_again_has_names_of_its_own() -> None:
    node = a_document("Node", "n0-1-1", spec={"unschedulable": True})
    probe = a_probe("p", nodeSelector={"kubernetes.io/hostname": "n0-1-1"})
    fresh = renamed(a_scene((node,), (probe,)), "1-1.7")
    assert fresh.name == "1-1.7"
    assert names(fresh) == ["n0-1-1.7"]
    assert fresh.probes[0].pod["spec"]["nodeSelector"] == {"kubernetes.io/hostname": "n0-1-1.7"}
    assert asked_of(fresh) == ["p"]
