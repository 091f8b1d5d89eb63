"""The differential test: random clusters, judged by the real kube-scheduler and by restow's rules.

`generate` makes scenes, `oracle` has them judged by kube-scheduler, `recording` keeps what it said,
`judge` compares that with `restow.rules.survey`, `shrink` makes a disagreement small, `mutants` asks
whether the cases would notice a rule that is wrong.
"""
