"""A race as a picture, in SVG: in which order each sender's messages came, to whom, and how many in what time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from local.lab.race import RECEIVERS, SENDERS, Arrival, Race

_WIDTH, _HEIGHT = 960, 560
_LEFT, _RIGHT, _GAP = 64, 24, 56  # beside and between the two fields, one for each sender
_TOP, _BOTTOM = 124, 396
_RATE_TOP, _RATE_BOTTOM = 456, 508  # of the strip that shows how many came in each slice of time
_SLICES, _TICKS, _SECONDS = 60, 4, 6
_COLOURS = dict(zip(RECEIVERS, ("#0b7285", "#c2255c"), strict=True))
_BEHIND = "#f08c00"
_INK, _FAINT, _GRID = "#212529", "#6c757d", "#e9ecef"


@dataclass(frozen=True)
class _Field:
    """Where one sender's messages are drawn: across in the order they came, up by their number."""

    left: float
    right: float
    last: int

    def x(self, place: int) -> float:
        return self.left + (self.right - self.left) * place / max(1, self.last)

    def y(self, number: int) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * number / max(1, self.last)


def picture(run: Race) -> str:
    """The whole document."""
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    font = f'font-family="system-ui, sans-serif" font-size="13" fill="{_INK}"'
    wide = (_WIDTH - _LEFT - _RIGHT - _GAP) / len(SENDERS)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>']
    lines.append(f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>')
    lines += _head(run)
    for at, sender in enumerate(SENDERS):
        left = _LEFT + at * (wide + _GAP)
        lines += _sender(run, sender, _Field(left, left + wide, run.count - 1))
    lines += _rates(run)
    return "\n".join([*lines, "</svg>", ""])


def _head(run: Race) -> Iterator[str]:
    late = len(run.out_of_order)
    order = f"{late} came behind a later one of their sender" if late else "all in their senders' order"
    duplicates = f"{run.duplicates} duplicate{'' if run.duplicates == 1 else 's'}"
    yield _text(_LEFT, 40, run.title, size=24, weight=600)
    yield _text(_LEFT, 66, f"{run.distinct} of {run.expected} received · {order} · {duplicates}", colour=_FAINT)
    legend = [(f"to {who}", _dot("{x}", "{y}", _COLOURS[who])) for who in RECEIVERS]
    x = float(_WIDTH - _RIGHT)
    for label, mark in reversed([*legend, ("out of order", _ring("{x}", "{y}"))]):
        x -= 7 * len(label) + 32
        yield mark.format(x=x, y=36)
        yield _text(x + 12, 40, label, colour=_FAINT)


def _sender(run: Race, sender: str, field: _Field) -> Iterator[str]:
    """The diagonal is perfect order."""
    yield _text(field.left, _TOP - 18, f"what {sender} sent", weight=600)
    yield _text(field.right, _BOTTOM + 22, "in the order it came →", colour=_FAINT, anchor="end")
    for n in range(_TICKS + 1):
        number = round(n * field.last / _TICKS)
        y = field.y(number)
        yield _line(field.left, y, field.right, y, _GRID)
        yield _text(field.left - 10, y + 4, str(number), colour=_FAINT, anchor="end")
    yield _line(field.left, _BOTTOM, field.right, _TOP, "#ced4da", dashed=True)
    behind = {id(arrival) for arrival in run.out_of_order}
    own = [arrival for arrival in run.arrivals if arrival.sender == sender]
    stretched = _Field(field.left, field.right, max(field.last, len(own) - 1))
    for place, arrival in enumerate(own):
        across, up = f"{stretched.x(place):.1f}", f"{field.y(arrival.number):.1f}"
        if id(arrival) in behind:
            yield _ring(across, up)
        yield _dot(across, up, _COLOURS[arrival.receiver])


def _rates(run: Race) -> Iterator[str]:
    """Bars, the receivers' upon each other: how many came in each slice of the time."""
    end = max((arrival.at for arrival in run.arrivals), default=1.0) or 1.0
    wide = end / _SLICES
    field = _Field(_LEFT, _WIDTH - _RIGHT, _SLICES)
    slices = [_counts([each for each in run.arrivals if each.receiver == who], wide) for who in RECEIVERS]
    most = max(1, *(sum(both) for both in zip(*slices, strict=True)))
    yield _text(_LEFT, _RATE_TOP - 12, f"messages as time goes by, {run.per_second:.0f} a second in all", weight=600)
    for at, counts in enumerate(zip(*slices, strict=True)):
        bottom = float(_RATE_BOTTOM)
        for who, count in zip(RECEIVERS, counts, strict=True):
            high = (_RATE_BOTTOM - _RATE_TOP) * count / most
            bottom -= high
            x, width = field.x(at) + 1, field.x(1) - field.x(0) - 2
            box = f'x="{x:.1f}" y="{bottom:.1f}" width="{width:.1f}" height="{high:.1f}"'
            yield f'<rect {box} fill="{_COLOURS[who]}" fill-opacity=".75"/>'
    yield _line(_LEFT, _RATE_BOTTOM, _WIDTH - _RIGHT, _RATE_BOTTOM, _FAINT)
    for n in range(_SECONDS + 1):
        anchor = "start" if n == 0 else "end" if n == _SECONDS else "middle"
        x = field.x(0) + (field.right - field.left) * n / _SECONDS
        yield _text(x, _RATE_BOTTOM + 20, f"{n * end / _SECONDS:.1f} s", colour=_FAINT, anchor=anchor)


def _counts(arrivals: Sequence[Arrival], wide: float) -> list[int]:
    counts = [0] * _SLICES
    for arrival in arrivals:
        counts[min(_SLICES - 1, int(arrival.at / wide))] += 1
    return counts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="2 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'


def _dot(x: str, y: str, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>'


def _ring(x: str, y: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="6" fill="none" stroke="{_BEHIND}" stroke-width="1.8"/>'


def _text(
    x: float, y: float, words: str, *, colour: str = _INK, size: int = 13, weight: int = 400, anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(words)}</text>'
    )
