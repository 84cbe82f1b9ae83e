"""What a chart shows, read from its axes."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray


def corners(line: Line2D) -> list[tuple[float, float]]:
    """Return a line's points as x and y."""
    return [(float(x), float(y)) for x, y in np.asarray(line.get_xydata())]


def segments(axis: Axes) -> list[NDArray[Any]]:
    """Return the ends, (2, 2), of all intervals on an axis."""
    lines = [item for item in axis.collections if isinstance(item, LineCollection)]
    return [np.asarray(segment) for line in lines for segment in line.get_segments()]


def rectangles(patches: Iterable[Patch]) -> list[tuple[float, float, float, float]]:
    """Return x, y, width and height of what is drawn as rectangles, and as nothing else."""
    made = []
    for patch in patches:
        assert isinstance(patch, Rectangle)
        made.append((patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()))
    return made


def drawn(axis: Axes, label: str, named_on: Axes | None = None) -> dict[str, tuple[float, float, float]]:
    """Return a treatment's value, low and high by the name of the row it stands in."""
    names = [tick.get_text() for tick in (named_on or axis).get_yticklabels()]
    bars = next(c for c in axis.containers if isinstance(c, ErrorbarContainer) and c.get_label() == label)
    line, _, (spans,) = bars.lines
    assert line is not None
    ends = [sorted(float(x) for x, _ in np.asarray(segment)) for segment in spans.get_segments()]
    return {
        names[round(y)]: (round(x, 6), round(low, 6), round(high, 6))
        for (x, y), (low, high) in zip(corners(line), ends, strict=True)
    }
