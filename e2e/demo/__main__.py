"""The demo: from nothing, through the story of `manifests/samples/stranded-8gpu`, to nothing."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from rich.console import Console

from e2e.client import Client, CommandError
from e2e.cluster.backend import ClusterError
from e2e.cluster.local import LocalCluster
from e2e.controlplane.build import build
from e2e.demo.nodes import draw
from e2e.demo.story import Story
from e2e.mirror import Mirrors
from e2e.process_operator import ProcessOperator
from e2e.release import Release
from e2e.scenario import Scenario, why_unschedulable
from e2e.waiting import eventually

SAMPLE: Final = "stranded-8gpu"
TRAINING: Final = "app=training"
FINISHED: Final = ("Completed", "Aborted")
RUN_S: Final = 60


def main() -> int:
    """Run the demo; return 0 if the pod that was stranded runs in the end."""
    console = Console(width=100, highlight=False)
    signal.signal(signal.SIGTERM, _leave)
    try:
        tell(console)
    except KeyboardInterrupt:
        console.print("\nInterrupted; everything is cleaned up.")
        return 130
    except (AssertionError, ClusterError, CommandError, TimeoutError) as error:
        console.print(f"[red]The demo failed:[/] {error}", markup=True)
        return 1
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def tell(console: Console) -> None:
    """Tell the story from an empty machine to a clean one.

    Raises
    ------
    AssertionError
        Something that should happen did not, with what was seen last.
    """
    build()
    with scene(console) as (client, mirrors, operator):
        stage = Scenario(client, mirrors)
        try:
            play(console, stage, operator)
        finally:
            operator.stop()
            stage.clean()
    console.print("\nThe control plane is stopped and its files are removed.")


@contextmanager
def scene(console: Console) -> Iterator[tuple[Client, Mirrors, ProcessOperator]]:
    """Bring up a control plane with the chart installed and the operator running; undo it all."""
    backend = LocalCluster()
    try:
        with console.status("Starting etcd, kube-apiserver, -controller-manager, -scheduler …"):
            backend.create()
        heading(console, "A control plane of real binaries; KWOK plays the nodes")
        client = Client(backend.workdir / "kubeconfig")
        mirrors = Mirrors(client)
        try:
            with console.status("helm install restow charts/restow …"):
                release = Release(client, backend)
                release.install()
            operator = ProcessOperator(
                release.identity(), backend.workdir / "operator.log", backend.environment
            )
            with console.status("restow run …"):
                operator.start()
            heading(console, "restow is installed by helm, and its operator runs")
            yield client, mirrors, operator
        finally:
            mirrors.close()
            client.close()
    finally:
        with console.status("Cleaning up …"):
            backend.delete()


def play(console: Console, stage: Scenario, operator: ProcessOperator) -> None:
    """Tell what happens to the stranded pod."""
    stage.stage(SAMPLE)
    heading(
        console, "4 nodes of 8 GPUs run inference (priority 1000, a budget) and notebooks (100)"
    )
    console.print(draw(stage))
    heading(console, "A training pod of priority 500 asks for 8 GPUs; 20 are free, in pieces of 5")
    stage.apply_sample(SAMPLE, "pending")
    (pod,) = stage.wait_unschedulable(TRAINING)
    console.print(f"  kube-scheduler: [yellow]{why_unschedulable(pod)}[/]", soft_wrap=True)
    heading(console, "A PackingPolicy lets restow act")
    story = Story(console, stage)
    stage.apply_sample(SAMPLE, "policy")
    try:
        stage.wait_running(1, TRAINING, within_s=RUN_S)
        stage.wait_running(9, within_s=RUN_S)
        plan = eventually(
            lambda: stage.plans()[-1],
            within_s=RUN_S,
            what="the plan is completed",
            until=lambda plan: plan["status"].get("phase") in FINISHED,
        )
    except AssertionError as error:
        raise AssertionError(f"{error}\n{operator.tail()}") from None
    finally:
        story.end()
    heading(console, "The training pod runs; nobody lost a place, and the budget was kept")
    console.print(draw(stage))
    disturbed = plan["status"]["solve"]["disturbed"]
    proof = "proven: no plan has fewer" if disturbed["proven"] else "not proven to be the fewest"
    console.print(
        f"  {disturbed['moves']} moves and {disturbed['evictions']} evictions ({proof}), "
        f"solved in {plan['status']['solve']['wallSeconds']:.2f} s."
    )


def heading(console: Console, text: str) -> None:
    """Print a line of the story that stands out."""
    console.print(f"\n[bold cyan]▌[/] [bold]{text}[/]")


if __name__ == "__main__":
    sys.exit(main())
