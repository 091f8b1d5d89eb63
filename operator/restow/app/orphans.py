"""Processes that end when their parent does, however it ends."""

import multiprocessing
import os
import threading


def die_with_parent() -> None:
    """End when the parent does: a killed one leaves a child that may be solving for long."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
