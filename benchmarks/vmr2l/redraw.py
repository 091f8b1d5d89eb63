"""`python -m benchmarks.vmr2l.redraw --instance FILE --nodes N --seed S --output FILE`: another.

Each node is filled as a node of the instance is, drawn at random, by pods of its sizes, each a
little larger or smaller: so are clusters of pods of nearly unique sizes besides the one at hand.
"""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

SPREAD = 0.15
"""Standard deviation of a size's logarithm."""

STEPS, LEAST = np.array([50, 128]), np.array([100, 128])
"""What amounts are multiples of, and their least."""

SLACK = np.array([800, 3000])
"""How much fuller than its model a node may be."""

TRIES = 60
"""Pods that are tried on each node."""


def redrawn(document: dict[str, Any], nodes: int, seed: int) -> dict[str, Any]:
    """Return an instance of so many nodes, all as large as the first of `document`."""
    rng = np.random.default_rng(seed)
    sizes = np.array([pod["requests"] for pod in document["pods"]])
    at = np.array([pod["node"] for pod in document["pods"]])
    full = document["nodes"][0]["allocatable"]
    pods: list[dict[str, Any]] = []
    for node in range(nodes):
        most = np.minimum(sizes[at == rng.integers(at.max() + 1)].sum(axis=0) + SLACK, full)
        used = np.zeros_like(most)
        for _ in range(TRIES):
            size = sizes[rng.integers(len(sizes))] * np.exp(rng.normal(0, SPREAD, 2))
            size = np.maximum(LEAST, np.rint(size / STEPS).astype(int) * STEPS)
            if (used + size <= most).all():
                pods.append({"name": f"p{len(pods)}", "node": node, "requests": size.tolist()})
                used += size
    return document | {
        "nodes": [{"name": f"n{node}", "allocatable": full} for node in range(nodes)],
        "pods": pods,
    }


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vmr2l.redraw")
    parser.add_argument("--instance", type=Path, required=True)
    parser.add_argument("--nodes", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    asked = parser.parse_args()
    document = json.loads(gzip.decompress(asked.instance.read_bytes()))
    body = json.dumps(redrawn(document, asked.nodes, asked.seed)).encode()
    asked.output.write_bytes(gzip.compress(body))


if __name__ == "__main__":
    main()
