"""Container images: which a pod needs, and which a node has.

Names are compared as kube-scheduler's ImageLocality does (`imagelocality/image_locality.go`).
"""

from sys import intern
from typing import Final

from restow.cluster.parse.wire import NodeImage
from restow.cluster.parse.wire_pod import PodSpec
from restow.core.frozen import Amounts

LEAST_BYTES: Final = 23 * 2**20
"""Smaller images count for nothing, as for ImageLocality (`minThreshold`)."""


def of_pod(spec: PodSpec) -> tuple[str, ...]:
    """Return the images of all containers, sorted, each once."""
    containers = (*spec.containers, *(spec.init_containers or ()))
    return tuple(sorted({normalized(each.image) for each in containers if each.image}))


def of_node(images: list[NodeImage] | None) -> Amounts:
    """Return the bytes of each image that counts, by every name it has."""
    return Amounts(
        {
            intern(name): image.size_bytes
            for image in images or ()
            if (image.size_bytes or 0) >= LEAST_BYTES and image.size_bytes is not None
            for name in image.names or ()
        }
    )


def normalized(name: str) -> str:
    """Return the name with a tag: `latest` if it has neither tag nor digest."""
    return intern(name if name.rfind(":") > name.rfind("/") else f"{name}:latest")
