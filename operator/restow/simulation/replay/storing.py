"""A simulation on disk, so that one that was stopped goes on where it was."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from restow.core.errors import InputError
from restow.simulation.replay.ledger import Json

VERSION: Final = 1

EVERY_S: Final = 5.0
"""Between two writings, so that they cost next to nothing."""


@dataclass(slots=True)
class Keeper:
    """One state file.

    Parameters
    ----------
    path
        None for no file.
    key
        Of the trace and the options: a file of others is refused.
    """

    path: Path | None
    key: str
    clock: Callable[[], float] = time.monotonic
    _written: float = field(init=False)

    def __post_init__(self) -> None:
        self._written = self.clock()

    def load(self) -> Json | None:
        """Return what was kept last; None where there is no file.

        Raises
        ------
        InputError
            The file is no state of this simulation.
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            kept: Json = json.loads(self.path.read_bytes())
            known, key = kept["version"] == VERSION, kept["key"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._no("is no state of a simulation") from error
        if not known or key != self.key:
            raise self._no("is of another trace, other options or another version of restow")
        state: Json = kept["state"]
        return state

    def offer(self, state: Callable[[], Json]) -> None:
        """Write the state if the last one is old."""
        if self.path is not None and self.clock() - self._written >= EVERY_S:
            self.save(state())

    def save(self, state: Json) -> None:
        """Write the state at once; whoever reads finds the one before, or this one."""
        if self.path is None:
            return
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            with beside.open("w") as file:
                json.dump({"version": VERSION, "key": self.key, "state": state}, file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            raise InputError(
                where="command line",
                field="--state",
                problem=f"{self.path} cannot be written: {error.strerror}",
                remedy="name a file in a directory that you may write to",
            ) from error
        self._written = self.clock()

    def _no(self, problem: str) -> InputError:
        return InputError(
            where="command line",
            field="--state",
            problem=f"{self.path} {problem}",
            remedy="remove it, or name another file",
        )
