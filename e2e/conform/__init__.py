"""The differential test: random clusters, judged by the real kube-scheduler and by restow's rules.

`generate` makes scenes, `oracle` has them judged by kube-scheduler, `scene` keeps what it said,
`judge` compares that with `restow.rules.survey`, `shrink` makes a disagreement small, and `mutants`
asks whether the cases would notice a rule that is wrong.
"""
