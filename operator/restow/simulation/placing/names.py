"""Names of policies of placement; cheap to import."""

from enum import StrEnum


class PolicyName(StrEnum):
    """A policy of placement."""

    KUBE_SCHEDULER = "kube-scheduler"
    RANDOM = "random"
    BEST_FIT = "bestfit"
    FGD = "fgd"
    BIDS = "bids"
