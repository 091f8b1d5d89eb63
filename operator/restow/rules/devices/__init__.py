"""Devices as kube-scheduler gives them: who may have which, and who has them on a board.

`selectors` asks CEL, `pools` says what a node reaches, `allocator` searches, `ledger` keeps the
claims of a board, and `demand` says what a pod asks for and gets. Knows no rule and no plan.
"""
