"""A picture of the GPU nodes as they are: one cell per GPU, a letter per workload."""

from typing import Final

from rich.text import Text

from e2e.client import Json
from e2e.scenario import Scenario, node_of

GPU: Final = "nvidia.com/gpu"
FREE: Final = "·"
STYLES: Final = {"T": "bold green", "I": "cyan", "N": "magenta", FREE: "dim"}


def draw(stage: Scenario) -> Text:
    """Return one line per GPU node: T training, I inference, N notebook, · free."""
    cells: dict[str, str] = {}
    sizes = {
        node["metadata"]["name"]: int(node["status"]["allocatable"][GPU])
        for node in stage.nodes()
        if GPU in node["status"]["allocatable"]
    }
    for pod in sorted(stage.pods(), key=lambda pod: str(pod["metadata"]["name"])):
        node = node_of(pod)
        if node is not None:
            letter = pod["metadata"]["labels"]["app"][0].upper()
            cells[node] = cells.get(node, "") + letter * gpus(pod)
    text = Text()
    for name, size in sorted(sizes.items()):
        text.append(f"  {name}  ")
        for cell in cells.get(name, "").ljust(size, FREE):
            text.append(f"{cell} ", STYLES.get(cell, ""))
        text.append("\n")
    return text.append("  T training   I inference   N notebook   · free", "dim")


def gpus(pod: Json) -> int:
    """Return the number of GPUs that a pod asks for."""
    return sum(
        int(container["resources"].get("limits", {}).get(GPU, 0))
        for container in pod["spec"]["containers"]
    )
