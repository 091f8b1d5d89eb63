import pytest

from restow.cluster.objects import Feature, Pod
from restow.cluster.terms import LabelSelector, PodTerm
from restow.core.reasons import Reason
from restow.rules.placement import unmodelled
from restow.rules.placement.unmodelled import TermIndex
from tests.support.objects import a_namespace, a_pod, a_snapshot, selecting


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ((), None),
        ((Feature.LOCAL_STORAGE,), None),
        ((Feature.MIRROR,), None),
        ((Feature.SHARED_GPU,), None),
        ((Feature.INTER_POD_AFFINITY,), Reason.INTER_POD_AFFINITY),
        ((Feature.TOPOLOGY_SPREAD,), Reason.TOPOLOGY_SPREAD),
        ((Feature.VOLUME_CLAIM,), Reason.VOLUME_CLAIM),
        ((Feature.RESOURCE_CLAIM,), Reason.RESOURCE_CLAIM),
        ((Feature.POD_GROUP,), Reason.POD_GROUP),
        ((Feature.NODE_FEATURE,), Reason.NODE_FEATURE),
        ((Feature.VOLUME_CLAIM, Feature.POD_GROUP), Reason.POD_GROUP),
    ],
)
def test_own_spec_brings_in_a_rule_beyond_restow(
    features: tuple[Feature, ...], reason: Reason | None
) -> None:
    refusal = unmodelled.of(a_pod(features=features))
    assert (refusal.reason if refusal is not None else None) is reason


def repelling(
    *namespaces: str,
    selector: LabelSelector | None = None,
    by_label: LabelSelector | None = None,
    feature: Feature = Feature.INTER_POD_AFFINITY,
) -> PodTerm:
    return PodTerm(
        feature=feature,
        selector=selector,
        namespaces=frozenset(namespaces),
        namespace_selector=by_label,
    )


WEB = selecting(app="web")


@pytest.mark.parametrize(
    ("newcomer", "term", "reason"),
    [
        (
            a_pod("team/p", labels={"app": "web"}),
            repelling("team", selector=WEB),
            Reason.INTER_POD_AFFINITY,
        ),
        (
            a_pod("team/p", labels={"app": "web"}),
            repelling("team", selector=WEB, feature=Feature.TOPOLOGY_SPREAD),
            Reason.TOPOLOGY_SPREAD,
        ),
        (a_pod("team/p", labels={"app": "db"}), repelling("team", selector=WEB), None),
        (a_pod("other/p", labels={"app": "web"}), repelling("team", selector=WEB), None),
        (a_pod("team/p", labels={"app": "web"}), repelling("team", selector=None), None),
        (
            a_pod("other/p", labels={"app": "web"}),
            repelling(selector=WEB, by_label=selecting(tier="prod")),
            Reason.INTER_POD_AFFINITY,
        ),
        (
            a_pod("team/p", labels={"app": "web"}),
            repelling(selector=WEB, by_label=selecting(tier="prod")),
            None,
        ),
        (
            a_pod("team/p", labels={"app": "web"}),
            repelling(selector=WEB, by_label=LabelSelector()),
            Reason.INTER_POD_AFFINITY,
        ),
        (
            a_pod("team/p"),
            repelling("team", selector=LabelSelector()),
            Reason.INTER_POD_AFFINITY,
        ),
    ],
)
def test_pod_is_concerned_by_the_hard_terms_of_others_that_select_it(
    newcomer: Pod, term: PodTerm, reason: Reason | None
) -> None:
    guard = a_pod("team/guard", node="n", features=(Feature.INTER_POD_AFFINITY,), terms=(term,))
    snapshot = a_snapshot(
        [newcomer, guard], namespaces=[a_namespace("other", labels={"tier": "prod"})]
    )
    refusal = TermIndex.of(snapshot).refuse(newcomer)
    assert (refusal.reason if refusal is not None else None) is reason
    assert refusal is None or "team/guard" in refusal.message


def test_own_rule_is_reported_before_a_neighbours() -> None:
    pod = a_pod("a", labels={"app": "web"}, features=(Feature.RESOURCE_CLAIM,))
    guard = a_pod("b", terms=(repelling("default", selector=WEB),))
    refusal = TermIndex.of(a_snapshot([pod, guard])).refuse(pod)
    assert refusal is not None
    assert refusal.reason is Reason.RESOURCE_CLAIM
