"""The operator as a process beside the cluster, with the rights of the chart's ServiceAccount."""

import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Final

from e2e.cluster.workdir import ROOT
from e2e.release import Identity
from e2e.waiting import eventually

RESTOW: Final = ROOT / ".venv" / "bin" / "restow"
READY_S: Final = 60
STOP_S: Final = 30


class ProcessOperator:
    """`restow run` as the chart's container runs it, its solver in the same process group."""

    def __init__(self, identity: Identity, log: Path, environment: dict[str, str]) -> None:
        self.log = log
        self._identity = identity
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._probe_port = free_port()
        self._metrics_port = free_port()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def metrics(self) -> str:
        """Return what the operator tells Prometheus."""
        url = f"http://127.0.0.1:{self._metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            text: bytes = answer.read()
        return text.decode()

    def start(self, *, wait: bool = True) -> None:
        """Start the operator; with `wait`, return once its readiness probe says yes."""
        assert not self.running, "the operator runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                env=self._clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the readiness probe says yes.

        Raises
        ------
        AssertionError
            If it does not in time, or the process ends, with the end of its log.
        """
        try:
            eventually(self._ready, within_s=READY_S, what="the operator is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def kill(self) -> None:
        """Kill the operator as a crash would (-9), at once."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """End the operator politely, as a rollout does; kill it if it does not end."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        """Kill and start again."""
        self.kill()
        self.start()

    def tail(self, lines: int = 40) -> str:
        """Return the end of the operator's log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _command(self) -> list[str]:
        return [
            str(RESTOW),
            *self._identity.arguments,
            f"--kubeconfig={self._identity.kubeconfig}",
            f"--probe-port={self._probe_port}",
            f"--metrics-port={self._metrics_port}",
        ]

    def _clean_environment(self) -> dict[str, str]:
        """Return the chart's environment; nothing that could lend the operator other rights.

        Bytecode is kept, as in the image: without it each start compiles a second longer.
        """
        dropped = {"KUBECONFIG", "PYTHONDONTWRITEBYTECODE"}
        kept = {key: value for key, value in self._environment.items() if key not in dropped}
        own = {"HOME": str(self.log.parent), "PYTHONPYCACHEPREFIX": str(self.log.parent / "pyc")}
        return kept | own | self._identity.environment

    def _ready(self) -> bool:
        if not self.running:
            raise AssertionError("the operator ended")
        try:
            url = f"http://127.0.0.1:{self._probe_port}/readyz"
            with urllib.request.urlopen(url, timeout=2) as answer:
                ok: bool = answer.status == 200
        except OSError:
            return False
        return ok

    def _signal(self, sign: signal.Signals) -> None:
        """Send a signal to the process and its children, the solver among them."""
        assert self._process is not None
        try:
            os.killpg(self._process.pid, sign)
        except ProcessLookupError:
            return


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
