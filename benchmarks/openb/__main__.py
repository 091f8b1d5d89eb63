"""`python -m benchmarks.openb plan --instance FILE --max-moves N --time-limit S --output PLAN`.

Prints one JSON object: `alloc_pct` is reached, `bound_pct` is proven to be out of reach of any plan
within the limit of moves.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.openb.plan import plan


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.openb", description="GPU sharing on the openb trace"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    planning = commands.add_parser("plan", help="move some running pods of one snapshot")
    planning.add_argument("--instance", type=Path, required=True)
    planning.add_argument("--max-moves", type=_count, required=True)
    planning.add_argument("--time-limit", type=float, default=60.0, help="seconds")
    planning.add_argument("--output", type=Path, required=True, help="where the plan is written")
    planning.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not arguments.instance.is_file():
        print(f"no such file: {arguments.instance}", file=sys.stderr)
        return 2
    result = plan(
        arguments.instance,
        arguments.max_moves,
        arguments.time_limit,
        arguments.output,
        arguments.seed,
    )
    print(json.dumps(result), flush=True)
    return 1 if result["failed"] else 0


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError(f"{count} is negative")
    return count


if __name__ == "__main__":
    sys.exit(main())
