"""`python -m e2e.conform.mutants FILE`: would a mistake in a rule be found?

Re-judges a recording of what kube-scheduler said with each rule switched off, and with each
comparison in a rule's module flipped. A mutant that nothing finds is a mistake that the random
pods would let pass, or a comparison that makes no difference.
"""

import argparse
import ast
import inspect
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from e2e.conform.judge import disagreements
from e2e.conform.scene import Recorded, read
from restow.rules.registry import RULES
from restow.rules.rule import Rule

FLIPPED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """The rules with one mistake: of `plugin`, described by `change`."""

    plugin: str
    change: str
    rules: tuple[Rule, ...]


def mutants() -> Iterator[Mutant]:
    """Yield each rule switched off, then with each of its module's comparisons flipped."""
    for rule in RULES:
        yield Mutant(
            plugin=rule.plugin,
            change="switched off",
            rules=tuple(each for each in RULES if each is not rule),
        )
        for change, twin in _twins(rule):
            yield Mutant(
                plugin=rule.plugin,
                change=change,
                rules=tuple(twin if each is rule else each for each in RULES),
            )


def _twins(rule: Rule) -> Iterator[tuple[str, Rule]]:
    module = sys.modules[rule.prepare.__module__]
    tree = ast.parse(inspect.getsource(module))
    places = [number for number, node in enumerate(ast.walk(tree)) if isinstance(node, ast.Compare)]
    for place in places:
        twin = deepcopy(tree)
        node = list(ast.walk(twin))[place]
        assert isinstance(node, ast.Compare)
        before = ast.unparse(node)
        node.ops[0] = FLIPPED[type(node.ops[0])]()
        yield f"line {node.lineno}: {before}", _run(twin, module)


def _run(tree: ast.Module, module: ModuleType) -> Rule:
    """Return the rule of a changed module, which takes the original's name while it is made."""
    made = ModuleType(module.__name__)
    made.__file__ = module.__file__
    sys.modules[module.__name__] = made
    try:
        exec(compile(tree, str(module.__file__), "exec"), made.__dict__)
    finally:
        sys.modules[module.__name__] = module
    found = made.__dict__["RULE"]
    assert isinstance(found, Rule)
    return found


def is_found(mutant: Mutant, scenes: Sequence[Recorded]) -> bool:
    """Return whether some case tells; a rule that breaks down on one tells as well."""
    try:
        return any(any(disagreements(scene, mutant.rules)) for scene in scenes)
    except Exception:  # noqa: BLE001 - whatever a mutant raises, it was noticed
        return True


def main() -> int:
    """Print the table; return 0 when every rule that is switched off is missed."""
    parser = argparse.ArgumentParser(prog="python -m e2e.conform.mutants", description=__doc__)
    parser.add_argument("recording", type=Path, help="written by python -m e2e.conform --record")
    scenes = list(read(parser.parse_args().recording))
    if any(any(disagreements(scene)) for scene in scenes):
        print("the rules as they are disagree with the recording", file=sys.stderr)
        return 2
    judged = [(mutant, is_found(mutant, scenes)) for mutant in mutants()]
    print("| rule | switched off | comparisons flipped | found |")
    print("| --- | --- | --- | --- |")
    for rule in RULES:
        mine = [(each, found) for each, found in judged if each.plugin == rule.plugin]
        (_, off), *flips = mine
        found = sum(each for _, each in flips)
        print(f"| {rule.plugin} | {'found' if off else 'missed'} | {len(flips)} | {found} |")
    print()
    for mutant, found in judged:
        if not found:
            print(f"missed: {mutant.plugin}: {mutant.change}")
    return 0 if all(found for each, found in judged if each.change == "switched off") else 1


if __name__ == "__main__":
    sys.exit(main())
