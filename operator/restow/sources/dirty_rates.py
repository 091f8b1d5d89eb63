"""How fast virtual machines write their memory, asked of Prometheus: KubeVirt tells no object.

The greatest of the last ten minutes counts. Metric and labels: kubevirt v1.6
`pkg/monitoring/metrics/virt-handler/domainstats/dirty_rate_metrics.go, domainstats.go`; where
Prometheus gives precedence to its own labels, the machine's are `exported_namespace` and
`exported_name` (KubeVirt's ServiceMonitor sets `honorLabels`).
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

import aiohttp
import msgspec

from restow.core.errors import ApiError, InputError
from restow.core.ids import ObjectKey
from restow.telemetry import happenings, logs

METRIC: Final = "kubevirt_vmi_dirty_rate_bytes_per_second"
QUERY: Final = f"max_over_time({METRIC}[10m])"
EVERY_S: Final = 60.0
TIMEOUT_S: Final = 10.0
KEPT_S: Final = 600.0
"""So long what was told last counts while nothing new is told: as long as one query looks back."""
MOST_BYTES: Final = 64 * 2**20
"""Of an answer; 100,000 machines take some 25 MiB."""
DIGITS: Final = 4
"""Binary digits of a rate that count, rounded up: less is noise, for which nothing is planned anew.

So a rate is up to an eighth too high.
"""

_log = logs.logger("dirty-rates")
Rates = Mapping[ObjectKey, int]


class _Series(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(msgspec.Struct, rename="camel"):
    result_type: Literal["vector"]
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: Literal["success"]
    data: _Data


class _Refusal(msgspec.Struct):
    error: str = ""


class DirtyRates:
    """Asks again and again, and tells what it has heard.

    Parameters
    ----------
    url
        Of Prometheus, or of what answers its HTTP API: `http://prometheus.monitoring:9090`.
    tell
        Called with all rates, in bytes per second, when there are news.

    Raises
    ------
    InputError
        When the URL is none.
    """

    def __init__(
        self,
        url: str,
        tell: Callable[[Rates], None],
        *,
        every_s: float = EVERY_S,
        timeout_s: float = TIMEOUT_S,
        kept_s: float = KEPT_S,
    ) -> None:
        self._url = f"{_checked(url).rstrip('/')}/api/v1/query"
        self._tell, self._every_s, self._kept_s = tell, every_s, kept_s
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._heard = -math.inf
        self._rates: Rates = {}
        self._problem = ""

    async def run(self) -> None:
        """Ask until cancelled. A problem is logged when it is news; later all is forgotten."""
        async with aiohttp.ClientSession(timeout=self._timeout) as session:
            while True:
                try:
                    rates, problem = await self._ask(session), ""
                    self._heard = time.monotonic()
                except ApiError as error:
                    late = time.monotonic() - self._heard > self._kept_s
                    rates, problem = {} if late else self._rates, str(error)
                self._say(rates, problem)
                await asyncio.sleep(self._every_s)

    def _say(self, rates: Rates, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            if problem:
                _log.warning(happenings.NO_RATES, why=problem)
            else:
                _log.info(happenings.RATES, machines=len(rates))
        if rates != self._rates:
            self._rates = rates
            self._tell(rates)

    async def _ask(self, session: aiohttp.ClientSession) -> Rates:
        """Return the rates of all machines that Prometheus knows of.

        Raises
        ------
        ApiError
            When it does not answer in time, says no, or answers something else.
        """
        try:
            async with session.get(self._url, params={"query": QUERY}) as response:
                body = await response.content.read(MOST_BYTES)
                while len(body) < MOST_BYTES and not response.content.at_eof():
                    body += await response.content.read(MOST_BYTES - len(body))
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
            raise self._no(why, 0) from None
        if status != 200:
            raise self._no(f"{status} {_refusal(body)}".strip(), status)
        try:
            return _rates(msgspec.json.decode(body, type=_Answer))
        except (msgspec.DecodeError, ValueError) as error:
            raise self._no(f"this is no answer of Prometheus: {error}", status) from None

    def _no(self, why: str, status: int) -> ApiError:
        return ApiError(f"GET {self._url}: {why}", status=status, retryable=True)


def _rates(answer: _Answer) -> Rates:
    """Return the rates; of a machine that two nodes tell of, the greater one."""
    found: dict[ObjectKey, int] = {}
    for each in answer.data.result:
        labels, rate = each.metric, float(each.value[1])
        namespace = labels.get("exported_namespace") or labels.get("namespace")
        name = labels.get("exported_name") or labels.get("name")
        if namespace and name and math.isfinite(rate) and rate >= 0:
            key = ObjectKey(namespace, name)
            found[key] = max(_rounded(rate), found.get(key, 0))
    return dict(sorted(found.items()))


def _rounded(rate: float) -> int:
    """Return the rate, rounded up to as many binary digits as count."""
    whole = math.ceil(rate)
    unit: int = 2 ** max(0, whole.bit_length() - DIGITS)
    return -(-whole // unit) * unit


def _refusal(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Refusal).error
    except msgspec.DecodeError:
        return " ".join(body[:200].decode("utf-8", "replace").split())


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
        plain = known and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        plain = False
    if not plain:
        raise InputError(
            where="command line",
            field="--prometheus",
            problem=f"{url!r} is not the URL of a Prometheus",
            remedy="write it like http://prometheus.monitoring:9090, without query or user",
        )
    return url
