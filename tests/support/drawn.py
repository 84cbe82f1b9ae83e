"""What a chart shows, read from its axes."""

from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer


def drawn(axis: Axes, label: str, named_on: Axes | None = None) -> dict[str, tuple[float, float, float]]:
    """Return a treatment's value, low and high by the name of the row it stands in."""
    names = [tick.get_text() for tick in (named_on or axis).get_yticklabels()]
    bars = next(c for c in axis.containers if isinstance(c, ErrorbarContainer) and c.get_label() == label)
    line, _, (spans,) = bars.lines
    assert line is not None
    ends = [sorted(float(x) for x, _ in segment) for segment in spans.get_segments()]
    return {
        names[round(float(y))]: (round(float(x), 6), round(low, 6), round(high, 6))
        for (x, y), (low, high) in zip(line.get_xydata(), ends, strict=True)
    }
