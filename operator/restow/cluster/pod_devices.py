"""What a pod's spec says of devices: its claims, and extended resources per container."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PodClaim:
    """One of `spec.resourceClaims`.

    Parameters
    ----------
    claim
        Name of the ResourceClaim in the pod's namespace, None when there is none.
    generated
        Whether it is made from a template, for this pod alone.
    pending
        Whether it is still to be made; a `claim` of None that is not pending was left out on
        purpose and does not count.
    alike
        Whether `claim` is that of another pod from the same template: only what it asks for counts.
        No parsed pod has any; it stands for a claim that is still to be made.
    """

    name: str
    claim: str | None = None
    generated: bool = False
    pending: bool = False
    alike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedRequest:
    """What one container requests of one extended resource.

    Parameters
    ----------
    name
        Of the device request that kube-scheduler makes of it, when a DeviceClass backs it:
        `container-INDEX-request-INDEX`.
    container
        Index among init containers and containers.
    passing
        Whether the container ends before the next starts: an init container, no sidecar.
    """

    name: str
    resource: str
    count: int
    container: int
    passing: bool = False
