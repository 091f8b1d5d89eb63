"""kube-scheduler's rules and the rules of moving, one module each; a rule answers with a reason.

`placement` holds one module per kube-scheduler filter, `moving` one per opt-out or protection. A
rule knows no other rule; `registry` and `moving.registry` list them in a stable order. `leaving`
says which nodes are no target, `pending` which pods are work, `wishes` what people annotated.
Knows nothing of problems, plans or the API; `docs/rules.md` has a row for every reason.
"""
