"""Grid A of "Priority Matters" (arXiv 2511.08373): placing pending pods of several priorities.

`instances` draws the pods, `scheduler` is a deterministic stand-in for kube-scheduler, `paper` is
the model of the paper, `engines` turns an instance into a Problem, `summary` counts outcomes.
"""
