"""A sign of life on stderr while something takes longer than a second."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 1.0


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Say `what` is being done once it has taken a second: a spinner on a terminal, else a line."""
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(what, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(what: str, done: threading.Event) -> None:
    if done.wait(PATIENCE_S):
        return
    if not sys.stderr.isatty():
        sys.stderr.write(f"{what} …\n")
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{what} …"):
        done.wait()
