"""One module per reason for which a running pod stays where it is.

A rule gets the pod and the little it needs, and answers with a Refusal or None. A rule knows no
other rule; `moving.registry` lists them in a stable order and hands each what it needs.
"""
