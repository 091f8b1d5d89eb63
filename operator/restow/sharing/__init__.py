"""Sharing: pods on devices that pods share, and which of them to move so that more find a place.

Pure but for CP-SAT's own time: knows nodes with devices and pods in integers, and neither
Kubernetes nor how a plan is carried out.
"""
