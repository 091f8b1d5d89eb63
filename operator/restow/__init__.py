"""restow packs a Kubernetes cluster: provably least disturbance, beside kube-scheduler."""
