"""The connection to an API server: a kubeconfig, or the service account of the own pod."""

import os
from pathlib import Path
from typing import Final

import yaml
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from restow.core.errors import ApiError, InputError
from restow.sources.requests import get

_CONNECTIONS: Final = 64
"""Ten watches stay open; the client's default of 100 per host would also do."""
_REMEDY: Final = "pass --kubeconfig, set KUBECONFIG, or run inside a cluster"


async def connect(kubeconfig: str | Path | None = None, context: str | None = None) -> ApiClient:
    """Return a client; nothing is sent yet. Close it after use, or use it with `async with`.

    An explicit `kubeconfig` comes first, then `KUBECONFIG` (several files are merged), then the
    pod's own service account, then `~/.kube/config`. A `context` asks for a kubeconfig.

    Raises
    ------
    InputError
        When there is no configuration, or it cannot be used.
    """
    configuration = Configuration()
    configuration.connection_pool_maxsize = _CONNECTIONS
    paths = str(kubeconfig) if kubeconfig is not None else os.environ.get("KUBECONFIG", "")
    if not paths and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        _from_service_account(configuration)
    else:
        await _from_kubeconfig(configuration, _existing(paths), context)
    client = ApiClient(configuration=configuration)
    client.user_agent = "restow"
    return client


async def reach(api: ApiClient, *, timeout_s: float = 10.0) -> None:
    """Check that the API server answers and knows who asks.

    Raises
    ------
    InputError
        When it does not; whatever else it says is for the later calls to judge.
    """
    try:
        await get(api, "/version", {}, timeout_s=timeout_s)
    except ApiError as error:
        if error.status not in (0, 401):
            return
        silent = error.status == 0
        raise InputError(
            where=f"API server {api.configuration.host}",
            field="",
            problem=f"cannot be reached ({error})" if silent else "refuses the credentials",
            remedy="check the cluster of the context, or choose another one with --context"
            if silent
            else "log in again, or choose another context with --context",
        ) from None


def _from_service_account(configuration: Configuration) -> None:
    try:
        load_incluster_config(  # type: ignore[no-untyped-call]  # the client ships no types here
            client_configuration=configuration
        )
    except ConfigException as error:
        raise InputError(
            where="service account",
            field="",
            problem=f"cannot be used: {error}",
            remedy="mount the service account's token into the pod, or pass --kubeconfig",
        ) from None


def _existing(paths: str) -> str:
    """Return the paths, by default `~/.kube/config`, if one of them is a file."""
    paths = paths or str(Path.home() / ".kube" / "config")
    if not any(Path(path).expanduser().is_file() for path in paths.split(os.pathsep)):
        raise InputError(
            where=f"kubeconfig {paths}", field="", problem="there is no such file", remedy=_REMEDY
        )
    return paths


async def _from_kubeconfig(configuration: Configuration, paths: str, context: str | None) -> None:
    try:
        await load_kube_config(  # type: ignore[no-untyped-call]  # the client ships no types here
            config_file=paths,
            context=context,
            client_configuration=configuration,
            persist_config=False,
        )
    except (ConfigException, yaml.YAMLError, OSError, TypeError, AttributeError) as error:
        raise InputError(
            where=f"kubeconfig {paths}",
            field="",
            problem=f"cannot be used: {' '.join(str(error).split())}",
            remedy="choose a context of `kubectl config get-contexts`" if context else _REMEDY,
        ) from None
