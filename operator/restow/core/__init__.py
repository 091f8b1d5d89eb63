"""Words that every room shares: identifiers, amounts, reason codes, exceptions.

Knows nothing of Kubernetes objects, solvers or I/O.
"""
