"""Policies of placement, each by its name."""

import numpy as np

from restow.sharing.arrays import Fleet
from restow.simulation.placing.baselines import BestFit, Fgd, Random
from restow.simulation.placing.bids import Bids
from restow.simulation.placing.cluster import Cluster
from restow.simulation.placing.kube_scheduler import KubeScheduler
from restow.simulation.placing.names import PolicyName
from restow.simulation.placing.policy import Policy
from restow.simulation.placing.workload import Workload


def policy_of(
    name: PolicyName,
    workload: Workload,
    cluster: Cluster,
    fleet: Fleet,
    dice: np.random.Generator,
) -> Policy:
    """Return a policy for a cluster; what it leaves to chance it asks the dice."""
    match name:
        case PolicyName.KUBE_SCHEDULER:
            return KubeScheduler(workload, dice)
        case PolicyName.RANDOM:
            return Random(dice)
        case PolicyName.BEST_FIT:
            return BestFit(cluster)
        case PolicyName.FGD:
            return Fgd(workload)
        case PolicyName.BIDS:
            return Bids(workload, fleet)
