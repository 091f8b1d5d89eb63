"""One module per filter of kube-scheduler 1.37: may this pod sit on that node.

Each names its upstream counterpart and answers with a Refusal or None. A rule knows no other rule,
no policy and no decision; `rules.registry` puts them in kube-scheduler's order.
"""
