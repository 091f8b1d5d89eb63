import pytest

from restow.cluster.objects import Feature
from restow.core.reasons import Reason
from restow.rules.placement import unmodelled
from tests.support.objects import a_pod


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ((), None),
        ((Feature.LOCAL_STORAGE,), None),
        ((Feature.MIRROR,), None),
        ((Feature.SHARED_GPU,), None),
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
