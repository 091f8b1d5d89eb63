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

import msgspec

from restow.core.errors import ApiError
from restow.core.ids import ObjectKey
from restow.sources.prometheus import Prometheus
from restow.telemetry import happenings, logs

METRIC: Final = "kubevirt_vmi_dirty_rate_bytes_per_second"
QUERY: Final = f"max_over_time({METRIC}[10m])"
EVERY_S: Final = 60.0
TIMEOUT_S: Final = 10.0
KEPT_S: Final = 600.0
"""So long what was told last counts while nothing new is told: as long as one query looks back."""
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


class DirtyRates:
    """Asks again and again, and tells what it has heard.

    Parameters
    ----------
    tell
        Called with all rates, in bytes per second, when there are news.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        tell: Callable[[Rates], None],
        *,
        every_s: float = EVERY_S,
        timeout_s: float = TIMEOUT_S,
        kept_s: float = KEPT_S,
    ) -> None:
        self._prometheus, self._tell = prometheus, tell
        self._every_s, self._timeout_s, self._kept_s = every_s, timeout_s, kept_s
        self._heard = -math.inf
        self._rates: Rates = {}
        self._problem = ""

    async def run(self) -> None:
        """Ask until cancelled. A problem is logged when it is news; later all is forgotten."""
        while True:
            try:
                rates, problem = await ask(self._prometheus, timeout_s=self._timeout_s), ""
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


async def ask(prometheus: Prometheus, *, timeout_s: float = TIMEOUT_S) -> Rates:
    """Return the rates of all machines that Prometheus knows of, in bytes per second.

    Raises
    ------
    ApiError
        When it does not answer in time, says no, or answers something else.
    """
    body = await prometheus.query(QUERY, timeout_s=timeout_s)
    try:
        return _rates(msgspec.json.decode(body, type=_Answer))
    except (msgspec.DecodeError, ValueError) as error:
        raise prometheus.no(f"this is no answer of Prometheus: {error}", 200) from None


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
