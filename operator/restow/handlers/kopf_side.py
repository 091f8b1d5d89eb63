"""kopf in a thread of its own, with an event loop of its own.

When kopf ends it cancels every task of its event loop that is younger than itself, and its import
blocks for most of a second; neither may happen to the loop that carries plans out.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from restow.app.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What the handlers get of the rest of the operator.

    Parameters
    ----------
    hand
        Runs a function with its arguments in the loop's thread, soon.
    stop
        Ends the loop; to be called through `hand`.
    configuration
        Configuration of the loop's Kubernetes client: server and credentials.
    silence_s
        Returns the seconds since the loop last turned.
    patience_s
        So much silence makes the liveness probe fail.
    probe_port
        Where `/healthz` and `/readyz` are served; 0 for nowhere.
    """

    desk: Desk
    hand: Callable[..., Any]
    stop: Callable[[], None]
    configuration: object
    silence_s: Callable[[], float]
    patience_s: float
    probe_port: int


class KopfSide:
    """A thread that runs kopf from `start` to `close`."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)

    def start(self) -> None:
        """Start watching policies and plans."""
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop watching; waits for the end, for `timeout_s` at most."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        import kopf  # noqa: PLC0415 - 0.7 s that recovery must not wait for

        # importing the handlers registers them
        from restow.handlers import lifecycle, resources  # noqa: F401, PLC0415
        from restow.handlers.registry import REGISTRY  # noqa: PLC0415

        links = self._links
        port = links.probe_port
        try:
            kopf.run(
                registry=REGISTRY,
                clusterwide=True,
                standalone=True,
                liveness_endpoint=f"http://0.0.0.0:{port}/{{probe:healthz|readyz}}"
                if port
                else None,
                stop_flag=self._stop,
                memo=kopf.Memo(
                    desk=links.desk,
                    hand=links.hand,
                    stop=links.stop,
                    configuration=links.configuration,
                    silence_s=links.silence_s,
                    patience_s=links.patience_s,
                ),
            )
        finally:
            # without kopf no policy and no approval is heard of: better begin anew
            with suppress(RuntimeError):  # the loop is gone already
                links.hand(links.stop)
