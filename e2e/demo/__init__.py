"""`make demo`: a stranded 8-GPU pod starts, on a real control plane, told as it happens."""
