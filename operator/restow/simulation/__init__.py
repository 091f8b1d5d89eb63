"""A cluster in memory that plans are carried out on, to the end and under faults.

Stands in for API server, controllers and kube-scheduler; knows nothing of the real client.
"""
