"""What the rules between pods come to in the packing problem."""

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection, SpreadConstraint
from restow.core.ids import NodeName
from restow.packing.relations import Attraction, Exclusion, Quota, Relation, Spread, Together
from restow.planning.formulate import formulate
from restow.planning.formulation import Formulation
from restow.planning.grouping import class_of
from tests.support.decisions import a_policy
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, an_owner, selecting
from tests.support.storage import a_claim, a_class, a_volume, mounting

ZONE = "topology.kubernetes.io/zone"
WEB = an_owner()
KEYS = (("zonal", "area"), ("hostly", "kubernetes.io/hostname"))
NODES = [
    a_node("n0", labels={ZONE: "x", "area": "all"}),
    a_node("n1", labels={ZONE: "y", "area": "all"}),
    a_node("n2"),
]


def term(app: str, key: str = ZONE) -> tuple[PodTerm, ...]:
    pods = Selection(selector=selecting(app=app), namespaces=frozenset({"default"}))
    return (PodTerm(topology_key=key, pods=pods),)


def spread(app: str) -> tuple[SpreadConstraint, ...]:
    return (SpreadConstraint(topology_key=ZONE, max_skew=1, selector=selecting(app=app)),)


def formulated(*pods: Pod) -> Formulation:
    return of(a_snapshot(pods, NODES))


def of(snapshot: Snapshot) -> Formulation:
    return formulate(snapshot, a_policy(), NOW)


def only(found: Formulation) -> Relation:
    (relation,) = found.problem.relations
    return relation


def allowed(found: Formulation, pod: Pod) -> list[NodeName]:
    shape = found.problem.classes[class_of(found.members)[pod.uid]]
    return [found.nodes[index] for index in shape.allowed]


def test_pods_without_rules_make_no_relation() -> None:
    assert formulated(a_pod("a", node="n0", owner=WEB), a_pod("p")).problem.relations == ()


def test_anti_affinity_among_movable_pods_is_an_exclusion_of_domains() -> None:
    movable = a_pod("a", node="n0", owner=WEB, labels={"app": "a"})
    pending = a_pod("p", anti_affinity=term("a"))
    found = formulated(movable, pending)
    classes = class_of(found.members)
    assert only(found) == Exclusion(
        domains=(0, 1, -1),
        carriers=(classes[pending.uid],),
        targets=(classes[movable.uid],),
    )


def test_anti_affinity_against_a_fixed_pod_bars_its_domain() -> None:
    pending = a_pod("p", anti_affinity=term("a"))
    found = formulated(a_pod("a", node="n0", labels={"app": "a"}), pending)
    assert found.problem.relations == ()
    assert allowed(found, pending) == ["n1", "n2"]


def test_fixed_pod_with_anti_affinity_bars_its_domain_to_what_it_selects() -> None:
    pending = a_pod("p", labels={"app": "a"})
    found = formulated(a_pod("guard", node="n1", anti_affinity=term("a")), pending)
    assert allowed(found, pending) == ["n0", "n2"]


def test_leaving_pod_still_keeps_others_out_and_attracts_nobody() -> None:
    leaving = a_pod("a", node="n0", labels={"app": "a"}, deleting=True)
    shy, fond = a_pod("p", anti_affinity=term("a")), a_pod("q", affinity=term("a"), cpu_m=9000)
    found = formulated(leaving, shy, fond, a_pod("r", cpu_m=9000))
    assert "n0" not in allowed(found, shy)
    assert allowed(found, fond) == []


def test_affinity_to_fixed_pods_allows_their_domains_only() -> None:
    pending = a_pod("p", affinity=term("a"))
    found = formulated(a_pod("a", node="n1", labels={"app": "a"}), pending)
    assert found.problem.relations == ()
    assert allowed(found, pending) == ["n1"]


def test_affinity_to_movable_pods_is_an_attraction() -> None:
    movable = a_pod("a", node="n0", owner=WEB, labels={"app": "a"})
    found = formulated(movable, a_pod("p", affinity=term("a")))
    relation = only(found)
    assert isinstance(relation, Attraction)
    assert (relation.domains, relation.fixed, relation.seed) == ((0, 1, -1), (0, 0), True)
    assert relation.providers == (class_of(found.members)[movable.uid],)


def test_provider_that_a_fixed_pod_relies_on_anchors_its_domain() -> None:
    movable = a_pod("a", node="n0", owner=WEB, labels={"app": "a"})
    found = formulated(movable, a_pod("fan", node="n0", affinity=term("a")), a_pod("p"))
    relation = only(found)
    assert isinstance(relation, Attraction)
    assert (relation.needy, relation.anchored) == ((), (True, False))


def test_spread_counts_fixed_pods_by_domain() -> None:
    carrier = a_pod("p", labels={"app": "a"}, spread=spread("a"))
    leaving = a_pod("c", node="n1", labels={"app": "a"}, deleting=True)
    found = formulated(a_pod("b", node="n1", labels={"app": "a"}), leaving, carrier)
    relation = only(found)
    assert isinstance(relation, Spread)
    assert (relation.domains, relation.fixed) == ((0, 1, -1), (0, 1))
    assert relation.counts_on == (True, True, False)
    assert not relation.carried
    assert "n2" not in allowed(found, carrier)


def test_spread_that_no_movable_pod_counts_for_bars_full_domains() -> None:
    carrier = a_pod("p", spread=spread("a"))
    full = [a_pod(f"b{n}", node="n1", labels={"app": "a"}) for n in range(2)]
    found = formulated(*full, carrier)
    assert found.problem.relations == ()
    assert allowed(found, carrier) == ["n0"]


def test_pods_with_other_roles_are_of_other_classes() -> None:
    one, two = a_pod("p", labels={"app": "a"}), a_pod("q", labels={"app": "b"})
    guard = a_pod("r", anti_affinity=term("a"))
    classes = class_of(formulated(one, two, guard).members)
    assert len({classes[one.uid], classes[two.uid], classes[guard.uid]}) == 3


def test_claim_for_one_pod_is_an_exclusion_of_the_whole_cluster() -> None:
    claim = a_claim("default/c", volume="v", access_modes=("ReadWriteOncePod",))
    pods = [a_pod(name, volumes=mounting("c")) for name in ("p", "q")]
    found = of(a_snapshot(pods, NODES, claims=[claim], volumes=[a_volume("v")]))
    relation = only(found)
    assert isinstance(relation, Exclusion)
    assert relation.domains == (0, 0, 0)
    assert relation.carriers == relation.targets


def test_one_pod_of_a_plan_may_take_a_volume_that_exists() -> None:
    claims = [a_claim(f"default/{name}", storage_class="slow") for name in ("c", "d")]
    pods = [a_pod("p", volumes=mounting("c")), a_pod("q", volumes=mounting("d"))]
    snapshot = a_snapshot(
        pods,
        NODES,
        claims=claims,
        volumes=[a_volume("v", storage_class="slow")],
        storage_classes=[a_class("slow")],
    )
    found = of(snapshot)
    relation = only(found)
    assert isinstance(relation, Quota)
    assert relation.room == (1,)
    assert found.unbindable == {pod.uid for pod in pods}


def test_group_is_placed_together_unless_some_of_it_is_not_ours_to_place() -> None:
    members = [a_pod(name, group="g") for name in ("p", "q")]
    assert isinstance(only(formulated(*members)), Together)
    gated = a_pod("r", group="g", gates=("somebody/else",))
    found = formulated(*members, gated)
    assert all(allowed(found, pod) == [] for pod in members)


def test_pod_whose_new_one_could_come_back_into_the_domain_is_not_left_without_a_place() -> None:
    pods = [a_pod(name, node="n0", owner=WEB, anti_affinity=term("b", key)) for name, key in KEYS]
    found = formulated(*pods, a_pod("p", labels={"app": "b"}, priority=10))
    classes = class_of(found.members)
    by_name = {pod.key.name: found.problem.classes[classes[pod.uid]].evictable for pod in pods}
    assert by_name == {"zonal": False, "hostly": True}
