"""What README.md tells people to type holds."""

import re
from pathlib import Path
from typing import Final

from restow.cluster.parse import KINDS

README: Final = (Path(__file__).parents[3] / "README.md").read_text()
SHORT: Final = {
    "rs": "replicasets",
    "deploy": "deployments",
    "sts": "statefulsets",
    "ds": "daemonsets",
    "pdb": "poddisruptionbudgets",
    "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims",
    "vmi": "virtualmachineinstances",
    "vmim": "virtualmachineinstancemigrations",
}


def test_the_dump_has_every_kind_that_restow_reads() -> None:
    (command,) = [
        line for line in README.splitlines() if line.startswith("kubectl get nodes,pods,")
    ]
    (more,) = re.findall(r"With KubeVirt add ([^.]+)\.", README)
    asked = [*command.split()[2].split(","), *",".join(re.findall("`(.+?)`", more)).split(",")]
    named = {SHORT.get(name, name) for name in asked}
    assert named == {kind.plural for kind in KINDS.values()} | {"packingpolicies"}
