"""Line charts as SVG, by hand: axes, ticks, lines and a legend, for light and dark pages."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 50, 56
LEGEND: Final = (3, 20)
"""Entries per row of the legend, and the height of a row."""
LIGHT: Final = ("#0b62a8", "#b3400b", "#1b7a3a", "#7a3ca6", "#8a6500", "#a81e5a")
DARK: Final = ("#6cb6ff", "#ff9f6b", "#6fd391", "#cfa1f2", "#e6c04a", "#ff8fbd")
DASHES: Final = ("none", "7 4", "2 3")
"""Told apart without colours, too."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; with `steps` a value holds until the next point, and points are not marked."""

    name: str
    points: Sequence[Point]
    steps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart whose x axis is logarithmic and whose y axis begins at 0.

    `ticks` are the values told on the x axis, by default powers of ten and 2 and 5
    times those; `top` is the end of the y axis, by default what the highest point needs.
    """

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    ticks: Sequence[float] = ()
    top: float = 0


def svg(chart: Chart) -> str:
    """Return the chart as an SVG document.

    Raises
    ------
    ValueError
        No line has a point.
    """
    return "\n".join([*_Drawing(chart).parts(), "</svg>\n"])


class _Drawing:
    """Coordinates of one chart."""

    def __init__(self, chart: Chart) -> None:
        xs = [x for line in chart.lines for x, _ in line.points]
        ys = [y for line in chart.lines for _, y in line.points]
        if not xs:
            raise ValueError(f"nothing to draw in {chart.title!r}")
        self.chart = chart
        self.low, self.high = min([*xs, *chart.ticks]), max([*xs, *chart.ticks])
        if self.low == self.high:
            self.low, self.high = self.low / 2, self.high * 2
        self.step = _step(chart.top or max(ys))
        self.top = chart.top or self.step * max(1, math.ceil(max(ys) / self.step))
        self.head = TOP + LEGEND[1] * math.ceil(len(chart.lines) / LEGEND[0])

    def parts(self) -> Iterator[str]:
        """Yield the elements, back to front."""
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img">'
        )
        yield f"<title>{escape(self.chart.title)}</title>"
        yield f"<style>{_style()}</style>"
        yield f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>'
        yield _text(LEFT, 28, self.chart.title, "title")
        yield from self._axes()
        for index, line in enumerate(self.chart.lines):
            yield from self._legend(index, line)
            yield from self._line(index, line)

    def _x(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def _y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - value / self.top * (HEIGHT - BOTTOM - self.head), 1)

    def _axes(self) -> Iterator[str]:
        floor, end = HEIGHT - BOTTOM, WIDTH - RIGHT
        for number in range(round(self.top / self.step) + 1):
            value = number * self.step
            y = self._y(value)
            yield f'<path class="grid" d="M{LEFT} {y}H{end}"/>'
            yield _text(LEFT - 8, y + 4, f"{value:g}", "end")
        for value in self.chart.ticks or _round_numbers(self.low, self.high):
            x = self._x(value)
            yield f'<path class="axis" d="M{x} {floor}v5"/>'
            yield _text(x, floor + 20, f"{value:g}", "middle")
        yield f'<path class="axis" d="M{LEFT} {self.head}V{floor}H{end}"/>'
        yield _text((LEFT + end) / 2, HEIGHT - 12, self.chart.x, "middle")
        middle = (self.head + floor) / 2
        yield _text(18, middle, self.chart.y, "middle", f' transform="rotate(-90 18 {middle})"')

    def _legend(self, index: int, line: Line) -> Iterator[str]:
        row, column = divmod(index, LEGEND[0])
        x = LEFT + column * (WIDTH - LEFT - RIGHT) // LEGEND[0]
        y = TOP + row * LEGEND[1]
        yield f'<path class="line {_look(index)}" d="M{x} {y - 4}h26"/>'
        yield _text(x + 32, y, line.name, "start")

    def _line(self, index: int, line: Line) -> Iterator[str]:
        corners = [(self._x(x), self._y(y)) for x, y in line.points]
        path = "M" + "L".join(f"{x} {y}" for x, y in corners)
        if line.steps:
            first, *rest = corners
            path = f"M{first[0]} {first[1]}" + "".join(f"H{x}V{y}" for x, y in rest)
        yield f'<path class="line {_look(index)}" d="{path}"/>'
        if not line.steps:
            for x, y in corners:
                yield f'<circle class="{_look(index)}" cx="{x}" cy="{y}" r="3.5"/>'


def _look(index: int) -> str:
    return f"c{index % len(LIGHT)} d{index // 2 % len(DASHES)}"


def _text(x: float, y: float, text: str, look: str, more: str = "") -> str:
    return f'<text class="{look}" x="{x}" y="{y}"{more}>{escape(text)}</text>'


def _style() -> str:
    return (
        "text{font:13px system-ui,sans-serif;fill:#24292f}"
        ".title{font-size:16px;font-weight:600}.middle{text-anchor:middle}.end{text-anchor:end}"
        ".page{fill:#ffffff}.grid{stroke:#d8dee4}.axis{stroke:#57606a;fill:none}"
        ".line{fill:none;stroke-width:2}"
        + "".join(f".d{n}{{stroke-dasharray:{dash}}}" for n, dash in enumerate(DASHES))
        + _colours(LIGHT)
        + "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}"
        ".grid{stroke:#30363d}.axis{stroke:#8b949e}" + _colours(DARK) + "}"
    )


def _colours(palette: Iterable[str]) -> str:
    return "".join(
        f".c{n}{{stroke:{colour}}}circle.c{n}{{fill:{colour};stroke:none}}"
        for n, colour in enumerate(palette)
    )


def _step(highest: float) -> float:
    """Return the distance of some five ticks from 0 to a value: 1, 2 or 5 times a power of ten."""
    least = (highest or 1) / 5
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * 0.999)


def _round_numbers(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten within the range; at least its ends."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    within = [value for value in found if low * 0.999 <= value <= high * 1.001]
    return within if len(within) > 1 else [low, high]
