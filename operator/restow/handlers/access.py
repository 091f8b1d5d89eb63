"""The loop's credentials for the API server, as kopf takes them."""

from typing import Protocol

import kopf


class Configuration(Protocol):
    """What is read of the Kubernetes client's configuration."""

    host: str
    verify_ssl: bool
    ssl_ca_cert: str | None
    cert_file: str | None
    key_file: str | None

    async def get_api_key_with_prefix(
        self, identifier: str, alias: str | None = None
    ) -> str | None:
        """Return the value of the header `Authorization`, read anew if it may have changed."""


async def connection_of(configuration: Configuration) -> kopf.ConnectionInfo:
    """Return the same server and credentials for kopf; it asks again when they are refused."""
    header = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    scheme, _, token = (header or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
