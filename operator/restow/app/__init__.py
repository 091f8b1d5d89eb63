"""The operator: one cycle of seeing, deciding, storing and acting, done again and again.

Only the leader acts; a follower keeps a warm view. What to decide and which act comes next is
computed by the pure rooms; this room brings them the clock, the cluster and the stored objects.
"""
