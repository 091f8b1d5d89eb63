"""Builds the real Kubernetes, etcd, KWOK, helm and kind binaries from one Go module.

Standard library only: it runs before anything is installed, and knows nothing of clusters.
"""
