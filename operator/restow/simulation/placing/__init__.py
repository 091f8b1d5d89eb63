"""Where pods are put one by one: kube-scheduler's scores, and what they are compared with."""
