"""The operator as a pod of its own image, for clusters that really run pods."""

from typing import Final

from e2e.client import Client, CommandError
from e2e.release import METRICS_PORT, NAME, NAMESPACE
from e2e.waiting import eventually

ROLLOUT: Final = "120s"
GONE_S: Final = 60


class PodOperator:
    """The chart's Deployment, scaled to one and to none."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def start(self, *, wait: bool = True) -> None:
        self._scale(1)
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        try:
            self._client.kubectl(
                "rollout", "status", f"deployment/{NAME}", "-n", NAMESPACE, f"--timeout={ROLLOUT}"
            )
        except CommandError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def kill(self) -> None:
        self._scale(0)
        self._client.kubectl("delete", "pod", *self._pods(), "--grace-period=0", "--force")
        self._wait_gone()

    def stop(self) -> None:
        self._scale(0)
        self._wait_gone()

    def restart(self) -> None:
        self.kill()
        self.start()

    def tail(self, lines: int = 40) -> str:
        try:
            return self._client.kubectl("logs", *self._pods(), f"--tail={lines}")
        except CommandError as error:
            return f"(no log: {error})"

    def metrics(self) -> str:
        pod = self._client.list("Pod", NAMESPACE, labels=_LABELS)[0]["metadata"]["name"]
        at = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}:{METRICS_PORT}/proxy/metrics"
        return self._client.kubectl("get", "--raw", at)

    def _scale(self, replicas: int) -> None:
        self._client.kubectl(
            "scale", f"deployment/{NAME}", "-n", NAMESPACE, f"--replicas={replicas}"
        )

    def _wait_gone(self) -> None:
        eventually(
            lambda: self._client.list("Pod", NAMESPACE, labels=_LABELS),
            within_s=GONE_S,
            what="the operator's pod is gone",
            until=lambda pods: not pods,
        )

    def _pods(self) -> tuple[str, ...]:
        return ("-n", NAMESPACE, f"--selector={_LABELS}")


_LABELS: Final = f"app.kubernetes.io/instance={NAME}"
