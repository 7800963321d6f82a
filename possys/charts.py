"""Small charts as the numbers that a template draws: SVG without a script, stretched to whatever width there is.

`templates/charts/` draws them. What is written (scales, times, legends) stands beside the drawing as text of the page,
so that it keeps its size; the drawing has one sentence that says the same to whoever cannot see it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

# The drawing's own units: a column is one wide, the whole is so high.
HEIGHT = 100
# Of a point whose neighbours are not known, so that it is seen at all.
LONE_HALF = 0.4
STEPS = (1, 2, 5, 10)


class Series(NamedTuple):
    """What is drawn as one line: a CSS name, what the legend says, and a value a column, None where it is not known."""

    name: str
    label: str
    values: Sequence[float | None]


class Line(NamedTuple):
    """A line as its unbroken pieces, each the `points` of a polyline."""

    name: str
    label: str
    pieces: tuple[str, ...]


class LineChart(NamedTuple):
    """Lines over columns from left to right; `scale` are the texts of the highest value, its half and nothing."""

    width: int
    lines: tuple[Line, ...]
    scale: tuple[str, ...]
    times: tuple[str, ...]
    text: str

    @property
    def is_empty(self) -> bool:
        """Nothing is known of any column."""
        return not any(line.pieces for line in self.lines)


class Bar(NamedTuple):
    """A column: from where, how high, and its CSS names."""

    x: int
    y: str
    height: str
    classes: str


class BarChart(NamedTuple):
    """Columns side by side."""

    width: int
    bars: tuple[Bar, ...]
    scale: tuple[str, ...]
    times: tuple[str, ...]
    text: str


def line_chart(
    series: Sequence[Series], *, top: float, scale: Iterable[str], times: Iterable[str] = (), text: str
) -> LineChart:
    """Lines between nothing and `top`; what lies above is drawn at the top."""
    columns = max((len(one.values) for one in series), default=0)
    lines = tuple(Line(one.name, one.label, tuple(_pieces(one.values, top))) for one in series)
    return LineChart(max(1, columns - 1), lines, tuple(scale), tuple(times), text)


def bar_chart(
    values: Sequence[tuple[float, str]], *, top: float, scale: Iterable[str] = (), times: Iterable[str] = (), text: str
) -> BarChart:
    """A bar for each (value, CSS names), between nothing and `top`."""
    bars = []
    for x, (value, classes) in enumerate(values):
        height = min(max(value / top, 0.0), 1.0) * HEIGHT if top else 0.0
        bars.append(Bar(x, _number(HEIGHT - height), _number(height), classes))
    return BarChart(max(1, len(bars)), tuple(bars), tuple(scale), tuple(times), text)


def round_top(highest: float, *, least: float = 1.0) -> float:
    """The next of 1, 2, 5, 10, 20 ... at or above both, so that a scale reads well."""
    wanted, power = max(highest, least), 1.0
    while power > wanted:
        power /= 10
    while True:
        for step in STEPS:
            # A float's last digit must not make a scale of 0.2 one of 0.5.
            if step * power >= wanted * (1 - 1e-9):
                return step * power
        power *= 10


def _pieces(values: Sequence[float | None], top: float) -> Iterator[str]:
    piece: list[tuple[int, float]] = []
    for x, value in [*enumerate(values), (0, None)]:
        if value is not None:
            piece.append((x, value))
        elif piece:
            yield " ".join(_points(piece, top))
            piece = []


def _points(piece: Sequence[tuple[int, float]], top: float) -> Iterator[str]:
    shown = [(float(x), HEIGHT * (1 - min(max(value / top, 0.0), 1.0))) for x, value in piece]
    if len(shown) == 1:
        (x, y), *_ = shown
        shown = [(max(0.0, x - LONE_HALF), y), (x + LONE_HALF, y)]
    for x, y in shown:
        yield f"{_number(x)},{_number(y)}"


def _number(value: float) -> str:
    """As SVG reads it, in every language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
