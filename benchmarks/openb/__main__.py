"""`python -m benchmarks.openb plan --instance FILE --max-moves N --time-limit S --output PLAN`.

Prints one JSON object: `alloc_pct` is reached, `bound_pct` is proven to be out of reach of any plan
within the limit of moves.

`python -m benchmarks.openb replay --trace T --seed N --policy random|bestfit|fgd|restow` places the
pods of a trace one by one, and prints the allocation, in per cent, when so much has been asked for.

`python -m benchmarks.openb churn --trace T --every 400 --moves 40 --time-limit 8` lets pods end and
others come, and moves some now and then; `alloc` and `queued_gpus` are means over the last events.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.arguments import count
from benchmarks.openb.churn import Cycle, churn
from benchmarks.openb.plan import plan
from benchmarks.openb.replay import POLICIES, replay
from benchmarks.openb.trace import DATA


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.openb", description="GPU sharing on the openb trace"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    planning = commands.add_parser("plan", help="move some running pods of one snapshot")
    planning.add_argument("--instance", type=Path, required=True)
    planning.add_argument("--max-moves", type=count, required=True)
    planning.add_argument("--time-limit", type=float, default=60.0, help="seconds")
    planning.add_argument("--output", type=Path, required=True, help="where the plan is written")
    planning.add_argument("--seed", type=int, default=0)
    replaying = commands.add_parser("replay", help="place the pods of a trace one by one")
    replaying.add_argument("--trace", required=True)
    replaying.add_argument("--seed", type=int, required=True)
    replaying.add_argument("--policy", choices=tuple(POLICIES), required=True)
    replaying.add_argument("--data", type=Path, default=DATA, help="directory of the trace")
    churning = commands.add_parser("churn", help="let pods end and others come")
    churning.add_argument("--trace", required=True)
    churning.add_argument("--seed", type=int, default=42)
    churning.add_argument("--policy", choices=tuple(POLICIES), default="fgd")
    churning.add_argument("--every", type=count, default=400, help="events")
    churning.add_argument("--moves", type=count, default=40, help="at most, each time")
    churning.add_argument("--time-limit", type=float, default=8.0, help="seconds, each time")
    churning.add_argument("--data", type=Path, default=DATA, help="directory of the trace")
    arguments = parser.parse_args()
    try:
        result = COMMANDS[arguments.command](arguments)
    except (OSError, LookupError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(result), flush=True)
    return 1 if result.get("failed_to_plan") else 0


def _plan(asked: argparse.Namespace) -> dict[str, Any]:
    if not asked.instance.is_file():
        raise FileNotFoundError(f"no such file: {asked.instance}")
    return plan(asked.instance, asked.max_moves, asked.time_limit, asked.output, asked.seed)


def _replay(asked: argparse.Namespace) -> dict[str, Any]:
    return replay(asked.data, asked.trace, asked.seed, asked.policy)


def _churn(asked: argparse.Namespace) -> dict[str, Any]:
    cycle = Cycle(every=asked.every, moves=asked.moves, seconds=asked.time_limit)
    return churn(asked.data, asked.trace, asked.seed, asked.policy, cycle)


COMMANDS: Final = {"plan": _plan, "replay": _replay, "churn": _churn}


if __name__ == "__main__":
    sys.exit(main())
