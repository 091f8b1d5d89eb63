"""openb: a trace of a cluster whose pods share GPUs, and what placement and moves make of it."""
