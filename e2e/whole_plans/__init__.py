"""Random clusters with stranded room on the real control plane, and whether plans keep their word.

`python -m e2e.whole_plans --plans 500 --seed 1`. Unlike `e2e.conform`, which compares verdicts on
one pod, here the operator itself plans and acts, and kube-scheduler binds what it nominated.
"""
