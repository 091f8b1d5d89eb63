"""`python -m benchmarks.vmr2l.tile --instance FILE --copies K --output FILE`: K clusters as one.

For sizes beyond the instances at hand: `LH-1` four times over has 4,704 machines.
"""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any


def tiled(document: dict[str, Any], copies: int) -> dict[str, Any]:
    """Return a mapping file with so many copies of each machine and VM, and of each conflict."""
    (cluster,) = document["cluster_list"]
    hosts, guests = cluster["host_info"], cluster["vm_instance"]
    return document | {
        "cluster_list": [
            cluster
            | {
                "host_info": [
                    host | {"node_id": f"{k}-{host['node_id']}"}
                    for k in range(copies)
                    for host in hosts
                ],
                "vm_instance": [
                    guest
                    | {
                        "instance_id": f"{k}-{guest['instance_id']}",
                        "host_id": f"{k}-{guest['host_id']}",
                    }
                    for k in range(copies)
                    for guest in guests
                ],
            }
        ],
        "conflict_sets": [
            [k * len(guests) + member for member in group]
            for k in range(copies)
            for group in document.get("conflict_sets", [])
        ],
    }


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vmr2l.tile")
    parser.add_argument("--instance", type=Path, required=True)
    parser.add_argument("--copies", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    asked = parser.parse_args()
    document = json.loads(gzip.decompress(asked.instance.read_bytes()))
    body = json.dumps(tiled(document, asked.copies)).encode()
    asked.output.write_bytes(gzip.compress(body))


if __name__ == "__main__":
    main()
