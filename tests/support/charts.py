"""Charts in tests: one that was drawn before is not drawn again, and most tests do without drawing.

Drawing a run's charts takes longer than training and scoring it does in a small suite.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import TransformNode

from forgetbench.files import write_bytes
from forgetbench.report import figures
from forgetbench.report.figures import Chart, Figures
from forgetbench.report.fonts import Glyphs

#: What stands for a picture that is not drawn: the signature of a PNG, and an SVG without content.
UNDRAWN = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<svg/>"}
Rendered = tuple[dict[str, bytes], Glyphs]
_render = figures.render


@contextmanager
def drawn_once(folder: Path) -> Iterator[None]:
    """Take a chart that was drawn before, by whatever process, from a folder; any other is drawn and kept there.

    Charts are the same where matplotlib holds the same of them. One that needs other fonts than matplotlib's own is
    always drawn.
    """

    def render(figure: Figure, suffixes: Iterable[str]) -> Rendered:
        suffixes = tuple(suffixes)
        key = _key(figure, suffixes)
        if key is None:
            return _render(figure, suffixes)
        kept = folder / key
        if kept.is_file():
            contents: dict[str, bytes] = pickle.loads(kept.read_bytes())
            return contents, Glyphs()
        contents, glyphs = _render(figure, suffixes)
        if glyphs == Glyphs():
            write_bytes(kept, pickle.dumps(contents))
        return contents, glyphs

    folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "render", render)
        yield


@contextmanager
def not_drawn() -> Iterator[None]:
    """Write the files of every chart without drawing it: they are no pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figures, "add", _add_undrawn)
        yield


def _add_undrawn(self: Figures, chart: Chart, suffixes: Iterable[str] = ("svg", "png")) -> None:
    for suffix in suffixes:
        self.written.append(self.folder / f"{chart.name}.{suffix}")
        write_bytes(self.written[-1], UNDRAWN[suffix])
    self.drawn.append(chart.name)


def _key(figure: Figure, suffixes: tuple[str, ...]) -> str | None:
    """Return what names a chart as it is and as it is to be drawn; None where it cannot be told."""
    written = BytesIO()
    try:
        _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(figure)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    settings = repr((suffixes, sorted(matplotlib.rcParams.copy().items())))
    return hashlib.sha256(written.getvalue() + settings.encode()).hexdigest()


class _Pickler(pickle.Pickler):
    """Writes equal charts as equal bytes: what matplotlib keys by address is written in its order."""

    def reducer_override(self, value: object) -> Any:
        if isinstance(value, TransformNode):
            state: Any = value.__getstate__()
            return object.__new__, (type(value),), state | {"_parents": list(state["_parents"].values())}
        return NotImplemented
