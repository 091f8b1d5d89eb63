"""The packing problem in integers, its solver, and the checker that trusts no solver.

Knows classes of identical pods and nodes by index; nothing of Kubernetes objects.
"""
