"""Brings clusters up and takes them down again: a local control plane, kind, or the current one.

Knows binaries, kubeconfigs and processes; knows nothing of restow or of what is tested.
"""
