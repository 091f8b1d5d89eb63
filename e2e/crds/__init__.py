"""CRDs of others that restow reads where they are there; in the scenarios nobody acts on them.

Minimal stand-ins: names, versions and scopes are upstream's, of the schemas there is what restow
reads. The objects are written by the scenarios, in the place of who writes them upstream.
"""

from pathlib import Path
from typing import Final

TOPOLOGIES: Final = Path(__file__).with_name("noderesourcetopologies.yaml")
"""k8stopologyawareschedwg/noderesourcetopology-api, `pkg/apis/topology/v1alpha2/types.go`."""

NODE_CLAIMS: Final = Path(__file__).with_name("nodeclaims.yaml")
"""kubernetes-sigs/karpenter, `pkg/apis/v1/nodeclaim.go` and `nodeclaim_status.go`."""
