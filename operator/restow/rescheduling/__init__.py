"""Rescheduling: which migrations, and no more than a limit, make the most room for what comes next.

Pure but for CP-SAT's own time: knows classes of pods and free room in integers, and neither
Kubernetes nor how a plan is carried out.
"""
