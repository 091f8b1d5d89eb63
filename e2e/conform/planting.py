"""restow's modules with one mistake in them, imported afresh beside the real ones."""

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import CodeType, ModuleType
from typing import Final, NamedTuple

PACKAGE: Final = "restow"
JUDGE: Final = "e2e.conform.judge"
JUDGES: Final = frozenset({JUDGE, "e2e.conform.giving"})
"""Modules of conform that ask restow's, and so are to ask the changed ones.

They are imported by `from MODULE import NAME`: a package keeps modules that it has had before."""

NEGATED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
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
SHIFTED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
"""The border of an order goes to the other side."""


class Mistake(NamedTuple):
    """One comparison of a module, changed.

    Parameters
    ----------
    module
        Its full name.
    line
        Where, in the module.
    before
        The comparison as it stands there.
    after
        Its changed operator: the opposite, or, of an order, the one that moves the border.
    code
        Compiles the changed module.
    """

    module: str
    line: int
    before: str
    after: str
    code: Callable[[], CodeType]


def mistakes(module: ModuleType) -> Iterator[Mistake]:
    """Yield the module with each of its comparisons negated, each order also shifted."""
    tree = ast.parse(inspect.getsource(module))
    for place, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.Compare):
            continue
        for index, operator in enumerate(node.ops):
            for table in (NEGATED, SHIFTED):
                if type(operator) in table:
                    changed = table[type(operator)]
                    code = partial(_changed, tree, place, index, changed, str(module.__file__))
                    yield Mistake(
                        module.__name__, node.lineno, ast.unparse(node), changed.__name__, code
                    )


def none_in(module: ModuleType) -> Mistake:
    """Return the module as it is: planted as others are, nothing may tell."""
    code = partial(compile, inspect.getsource(module), str(module.__file__), "exec")
    return Mistake(module.__name__, 0, "", "", code)


@contextmanager
def planted(mistake: Mistake) -> Iterator[ModuleType]:
    """Import the judge, and with it the whole package, with the mistake in it.

    The modules that were there before are there again afterwards.
    """
    before = {name: sys.modules.pop(name) for name in [*sys.modules] if _is_ours(name)}
    finder = _Finder(mistake)
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module(JUDGE)
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def _changed(
    tree: ast.Module, place: int, index: int, operator: type[ast.cmpop], path: str
) -> CodeType:
    twin = deepcopy(tree)
    node = list(ast.walk(twin))[place]
    assert isinstance(node, ast.Compare)
    node.ops[index] = operator()
    return compile(ast.fix_missing_locations(twin), path, "exec")


def _is_ours(name: str) -> bool:
    return name in JUDGES or name.partition(".")[0] == PACKAGE


class _Finder(MetaPathFinder, Loader):
    """Finds the one module that has the mistake; all others are found as ever."""

    def __init__(self, mistake: Mistake) -> None:
        self._mistake = mistake

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self._mistake.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._mistake.code(), module.__dict__)
