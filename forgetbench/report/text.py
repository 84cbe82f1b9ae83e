"""Numbers as people read them: AP in points, bytes and seconds with units, a dash where nothing was measured."""

from __future__ import annotations

from forgetbench.errors import printable

UNMEASURED = "–"
#: Letters of a name that charts show.
LONGEST_NAME = 48


def points(fraction: float | None, *, signed: bool = False) -> str:
    """Return an AP fraction in points with one decimal; a difference too small for that keeps a digit that shows it.

    Exactly zero reads `0`, so that it is told apart from something that rounds to it.
    """
    if fraction is None:
        return UNMEASURED
    if fraction == 0:
        return "0"
    value = 100 * fraction
    text = f"{value:.1f}" if abs(value) >= 0.05 else f"{value:.1g}"
    return f"+{text}" if signed and value > 0 else text.replace("-", "−")


def counted_seeds(count: int) -> str:
    """Return how many seeds numbers rest on, e.g. `1 seed`."""
    return f"{count} seed" if count == 1 else f"{count} seeds"


def share(part: int, whole: int) -> str:
    """Return a share in percent with one decimal."""
    return f"{100 * part / whole:.1f} %"


def mebibytes(count: float | None) -> str:
    """Return a number of bytes in MiB."""
    return UNMEASURED if count is None else f"{count / 2**20:.0f} MiB"


def megabytes(count: int) -> str:
    """Return a number of bytes in MB, as file managers show them."""
    return f"{count / 1e6:.1f} MB"


def giga(count: int) -> str:
    """Return a number of operations in thousand millions."""
    return f"{count / 1e9:.2f}"


def milliseconds(seconds: float | None) -> str:
    """Return seconds as milliseconds."""
    return UNMEASURED if seconds is None else f"{1000 * seconds:.0f} ms"


def timing(median: float, low: float, high: float) -> str:
    """Return a time in milliseconds with the quartiles around it, all in seconds."""
    return f"{1000 * median:.1f} ms [{1000 * low:.1f}, {1000 * high:.1f}]"


def interval(low: float | None, high: float | None) -> str:
    """Return an interval of AP fractions in points, in brackets; nothing if it is not known."""
    return "" if low is None or high is None else f"[{points(low)}, {points(high)}]"


def shown_name(name: str) -> str:
    """Return a name as charts show it: on one line, and with its middle left out where it is long."""
    plain = printable(name)
    half = (LONGEST_NAME - 1) // 2
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1 - half]}…{plain[-half:]}"
