"""Bars of a chart, measured here and drawn as SVG by the template; the table stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lienthong.apps.documents.statistics.queries import Figure

WIDTH, HEIGHT, TOP, LEFT, FOOT = 720, 220, 14, 8, 26
STEP_MAX = 90.0  # a single month is a bar, not a wall


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: where its bar stands, in units of the drawing, and what it says."""

    month: date
    figure: Figure
    value: float
    shown: str
    x: float
    y: float
    width: float
    height: float
    middle: float


def bars(months: Mapping[date, Figure]) -> list[Bar]:
    """The bars of the months in their order: shares against 100 %, counts against the highest."""
    values = {month: _value(figure) for month, figure in months.items()}
    is_share = any(figure.hits is not None for figure in months.values())
    highest = 100.0 if is_share else max(values.values(), default=0) or 1.0
    step = min(STEP_MAX, (WIDTH - 2 * LEFT) / max(1, len(values)))
    room = HEIGHT - TOP - FOOT
    found = []
    for place, (month, value) in enumerate(values.items()):
        height = round(room * value / highest, 1)
        x = round(LEFT + place * step + step * 0.15, 1)
        shown = f"{value:g} %".replace(".", ",") if is_share else f"{value:g}"
        found.append(
            Bar(
                month,
                months[month],
                value,
                shown,
                x,
                round(TOP + room - height, 1),
                round(step * 0.7, 1),
                height,
                round(x + step * 0.35, 1),
            )
        )
    return found


def _value(figure: Figure) -> float:
    return float(figure.base) if figure.hits is None else figure.percent or 0.0
