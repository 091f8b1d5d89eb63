"""End-to-end scenarios and the harness that runs them against a real control plane.

The harness builds the control plane's binaries (`controlplane`), brings a cluster up (`cluster`),
installs the chart, runs the operator beside it and watches from outside that no promise is broken.
It knows restow only as its users do: by the command line, the chart, and the API objects.
"""
