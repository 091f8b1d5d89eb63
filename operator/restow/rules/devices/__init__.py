"""kube-scheduler's allocator of devices, to tell whether it would find some; it allocates nothing.

Which of upstream's variants: `incubating`, the first that supports what Kubernetes 1.37 has on by
default (admin access, prioritised lists, partitionable devices, taints, binding conditions,
consumable capacity in fractions). Off, and so refused or passed over as upstream does: attributes
that are lists, derived attributes, compatibility groups, claims of pod groups, devices that count
as the node's own resources.
"""
