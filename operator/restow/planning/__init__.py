"""From a Snapshot to a Problem, from an Outcome to a Plan, and from a Plan to the next safe acts.

Pure: what to do next is computed from the plan, its progress and a fresh snapshot; others do it.
"""
