"""The operator as scenarios use it, wherever it runs."""

from typing import Protocol


class Operator(Protocol):
    """restow's operator: started and stopped by a scenario, and killed where that is the story."""

    def start(self, *, wait: bool = True) -> None:
        """Start the operator; with `wait`, return once its readiness probe says yes."""

    def wait_ready(self) -> None:
        """Wait until the readiness probe says yes; raises AssertionError with the log's end."""

    def kill(self) -> None:
        """Kill the operator as a crash would, at once; it stays dead until it is started."""

    def stop(self) -> None:
        """End the operator politely, as a rollout does."""

    def restart(self) -> None:
        """Kill and start again."""

    def tail(self, lines: int = 40) -> str:
        """Return the end of the operator's log."""

    def metrics(self) -> str:
        """Return what the operator tells Prometheus."""
