"""The cluster as values: frozen objects, the Snapshot, parsing and serialisation.

`parse` is the only module of restow that knows the field names of the Kubernetes API.
Knows nothing of policies, decisions or I/O.
"""
