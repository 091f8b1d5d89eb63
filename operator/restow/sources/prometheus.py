"""A Prometheus, or what answers its HTTP API: where it is, what it is shown, and whom is trusted.

Files are read anew at each query: kubelet renews the tokens that it projects, and certificate
authorities are renewed as well.
"""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from restow.core.errors import ApiError, InputError

URL: Final = "--prometheus"
TOKEN_FILE: Final = "--prometheus-token-file"  # noqa: S105 - the name of an option
CA_FILE: Final = "--prometheus-ca-file"
INSECURE: Final = "--prometheus-insecure-skip-tls-verify"
MOST_BYTES: Final = 64 * 2**20
"""Of an answer; the rates of 100,000 machines take some 25 MiB."""
_TOKEN: Final = re.compile(r"[!-~]+")


class _Refusal(msgspec.Struct):
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """One to ask; `named` makes it from what somebody wrote.

    Parameters
    ----------
    token_file
        Holds the bearer token to show; None to show none.
    ca_file
        Holds the certificates (PEM) to trust instead of the system's; None for the system's.
    verify
        Whether the server has to prove who it is.
    """

    url: str
    token_file: Path | None = None
    ca_file: Path | None = None
    verify: bool = True

    async def query(self, text: str, *, timeout_s: float) -> bytes:
        """Return the body of the answer to an instant query.

        Raises
        ------
        ApiError
            When a file cannot be used, or Prometheus does not answer in time, or says no.
        """
        try:
            headers, trust = self.headers(), self.trust()
        except (OSError, ValueError) as error:
            raise self.no(_why(error)) from None
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(
                    self._api, params={"query": text}, headers=headers, ssl=trust
                ) as response,
            ):
                body = await _all_of(response.content)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self.no(_why(error)) from None
        if status != 200:
            raise self.no(f"{status} {_said(body)}".strip(), status)
        return body

    def no(self, why: str, status: int = 0) -> ApiError:
        """Return the error of an answer that is none."""
        return ApiError(f"GET {self._api}: {why}", status=status, retryable=True)

    def headers(self) -> dict[str, str]:
        """Return what is sent along.

        Raises
        ------
        OSError, ValueError
            When the file with the token cannot be read, or holds no token.
        """
        if self.token_file is None:
            return {}
        token = self.token_file.read_text("utf-8", "replace").strip()
        if not _TOKEN.fullmatch(token):
            raise ValueError(f"{self.token_file} holds no bearer token")
        return {"Authorization": f"Bearer {token}"}

    def trust(self) -> ssl.SSLContext | bool:
        """Return whom to trust, as aiohttp wants it.

        Raises
        ------
        OSError, ValueError
            When the file with the certificates cannot be read, or holds none.
        """
        if self.ca_file is None:
            return self.verify
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except ssl.SSLError:
            raise ValueError(f"{self.ca_file} holds no certificate in PEM") from None
        except OSError as error:  # which does not say what file
            raise OSError(error.errno, error.strerror, str(self.ca_file)) from None

    @property
    def _api(self) -> str:
        return f"{self.url.rstrip('/')}/api/v1/query"


def named(
    url: str, *, token_file: Path | None = None, ca_file: Path | None = None, verify: bool = True
) -> Prometheus | None:
    """Return the Prometheus that somebody named, None for an empty URL.

    Raises
    ------
    InputError
        When the URL is none, a file cannot be used, or the rest makes no sense with the URL.
    """
    found = Prometheus(url=url, token_file=token_file, ca_file=ca_file, verify=verify)
    for option, problem, remedy in _mistakes(found):
        raise InputError(where="command line", field=option, problem=problem, remedy=remedy)
    return found if url else None


def _mistakes(found: Prometheus) -> Iterator[tuple[str, str, str]]:
    """Yield option, problem and remedy of what cannot be meant."""
    tls = [(CA_FILE, found.ca_file is not None), (INSECURE, not found.verify)]
    given = [
        option for option, there in ((TOKEN_FILE, found.token_file is not None), *tls) if there
    ]
    if not found.url:
        yield from ((each, "there is no Prometheus to ask", f"name it by {URL}") for each in given)
        return
    if not _is_plain(found.url):
        problem = f"{found.url!r} is not the URL of a Prometheus"
        remedy = "write it like http://prometheus.monitoring:9090, without query or user"
        yield URL, problem, remedy
    elif urlsplit(found.url).scheme == "http":
        problem, remedy = f"{found.url} has no TLS", "leave it out, or write https://"
        yield from ((option, problem, remedy) for option, there in tls if there)
    if found.ca_file is not None and not found.verify:
        yield INSECURE, f"{CA_FILE} says whom to trust", "give one of the two"
    for option, use in ((TOKEN_FILE, found.headers), (CA_FILE, found.trust)):
        try:
            use()
        except (OSError, ValueError) as error:
            yield option, _why(error), "name a file that can be read"


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
    return known and not (parts.query or parts.fragment or parts.username)


async def _all_of(content: aiohttp.StreamReader) -> bytes:
    body = await content.read(MOST_BYTES)
    while len(body) < MOST_BYTES and not content.at_eof():
        body += await content.read(MOST_BYTES - len(body))
    return body


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        proof = error.certificate_error
        why = proof.verify_message if isinstance(proof, ssl.SSLCertVerificationError) else proof
        return f"its certificate is not trusted: {why}; name its authority by {CA_FILE}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _said(body: bytes) -> str:
    """Return what an error says: Prometheus' own words, or the beginning of whatever it is."""
    try:
        return msgspec.json.decode(body, type=_Refusal).error
    except msgspec.DecodeError:
        return " ".join(body[:200].decode("utf-8", "replace").split())
