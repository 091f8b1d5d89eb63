"""What stands in for KubeVirt in the scenarios: its CRDs, virt-controller and virt-api's webhook.

No virtual machine runs: KWOK plays the launcher pods. What is like upstream (v1.6), from reading
its source, is what restow sees and what could go wrong for it: which pods there are, with which
labels, owners, selectors and anti-affinities, when; the phases of a migration; the hand-over in the
machine's status; KubeVirt's limits; a deleted migration; and the 429 to an eviction of a launcher.
What is not: memory, storage, networks, time-outs of its own, and that an eviction would start a
migration.
"""

from pathlib import Path
from typing import Final

CRDS: Final = Path(__file__).with_name("crds.yaml")
