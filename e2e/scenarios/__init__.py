"""One test per story: what a user does, and what must then happen on a real control plane."""
