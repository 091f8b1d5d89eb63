"""kopf: restow's own custom resources, start and stop, and the liveness probe.

A handler validates, hands over and returns. All of them are event handlers, which write nothing:
no finalizer and no annotation of kopf's on any object. Pods and nodes are not kopf's business.
"""
