"""Where the lines of the curve of thresholds run: a picture that needs no script."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from helpdesk.triage.services.thresholds import Point

LEFT, RIGHT, TOP, BOTTOM = 48, 452, 24, 252
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, or a threshold that is in use."""

    label: str
    at: float


@dataclass(frozen=True, slots=True)
class Plot:
    """Points of two lines as SVG writes them, and marks of both axes and of the thresholds in use."""

    coverage: str
    precision: str
    across: Sequence[Mark]
    upwards: Sequence[Mark]
    chosen: Sequence[Mark]


def plot(points: Sequence[Point], chosen: Mapping[str, float]) -> Plot:
    def line(value: Callable[[Point], float]) -> str:
        return " ".join(f"{_x(one.threshold):.1f},{_y(value(one)):.1f}" for one in points)

    return Plot(
        coverage=line(lambda one: one.coverage),
        precision=line(lambda one: one.precision),
        across=[Mark(f"{tick:.0%}", _x(tick)) for tick in TICKS],
        upwards=[Mark(f"{tick:.0%}", _y(tick)) for tick in TICKS],
        chosen=[Mark(name, _x(at)) for name, at in chosen.items()],
    )


def _x(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT)


def _y(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)
