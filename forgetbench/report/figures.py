"""Charts on their way to files: texts as they are written, the glyphs they need, and what could not be drawn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter

from forgetbench.errors import CorruptRunError, ForgetbenchError, brief, printable
from forgetbench.files import write_bytes
from forgetbench.names import PLAIN, is_plain
from forgetbench.report.fonts import Glyphs, give_glyphs, install_advice
from forgetbench.shown import in_chart

#: Letters of a label that charts have room for, and what each further one takes.
USUAL_LABEL, INCHES_PER_LETTER = 20, 0.08


Made = TypeVar("Made")


@dataclass(frozen=True)
class Chart:
    """A chart by name, which is its files' without suffix, and what draws it."""

    name: str
    draw: Callable[[], Figure]


class Figures:
    """The charts of a report: a chart that cannot be drawn is named, and the others are drawn.

    Args:
        folder: Where they go.

    Attributes:
        drawn: Names of the charts drawn so far.
        written: Their files.
        failed: Why charts could not be drawn, by name.
        missing: Characters that no installed font has, by the names of the charts that need them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drawn: list[str] = []
        self.written: list[Path] = []
        self.failed: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    def add(self, chart: Chart, suffixes: Iterable[str] = ("svg", "png")) -> None:
        """Draw a chart and write it; one that cannot be drawn is named in `failed`.

        Raises:
            CorruptRunError: the name would lead out of the folder.
        """
        name = chart.name
        if not is_plain(name):
            raise CorruptRunError("a name that is none", where=self.folder, expected=PLAIN, found=brief(name))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of numbers that have no place on an axis
                contents, glyphs = render(chart.draw(), suffixes)
        except Exception as error:  # whatever it is: the numbers are there without the chart
            self.failed[name] = printable(f"{type(error).__name__}: {error}")
            return
        for suffix, content in contents.items():
            self.written.append(self.folder / f"{name}.{suffix}")
            write_bytes(self.written[-1], content)
        if glyphs.missing:
            self.missing[name] = glyphs.missing
        self.drawn.append(name)

    def attempt(self, name: str, make: Callable[[], Made]) -> Made | None:
        """Return what a part of the report makes; None where it fails, which is told as of a chart.

        Raises:
            ForgetbenchError: what the part rests on is not there or not readable.
        """
        try:
            return make()
        except ForgetbenchError:
            raise
        except Exception as error:  # whatever it is: the numbers are there without it
            self.failed[name] = printable(f"{type(error).__name__}: {error}")
            return None

    def remarks(self) -> list[str]:
        """Return what a user has to know of charts that are not as they should be, a line for each kind."""
        said = []
        if self.failed:
            reason = next(iter(self.failed.values()))
            said.append(
                f"could not draw {', '.join(self.failed)} ({reason}); all else is there, and `forgetbench report` "
                "draws again"
            )
        if self.missing:
            characters = "".join(sorted(set("".join(self.missing.values()))))
            shown = characters if len(characters) <= 12 else f"{characters[:12]}…"
            said.append(
                f"no installed font has {printable(shown)}, so {', '.join(self.missing)} show boxes instead; install "
                f"{install_advice(characters)}, then `forgetbench report` draws again"
            )
        return said


def render(figure: Figure, suffixes: Iterable[str]) -> tuple[dict[str, bytes], Glyphs]:
    """Return a chart as the bytes of files, by suffix, and the glyphs it needed; the same chart gives the same bytes.

    An SVG that takes glyphs from other fonts than the usual one says so in its description.
    """
    _write_texts_out(figure)
    _make_room(figure)
    glyphs = give_glyphs(figure)
    contents = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of missing glyphs, which `Figures.remarks` names
        for suffix in suffixes:
            metadata: dict[str, str | None] = {"Date": None} if suffix == "svg" else {"Software": None}
            if suffix == "svg" and str(glyphs):
                metadata["Description"] = str(glyphs)
            content = BytesIO()
            figure.savefig(content, format=suffix, metadata=metadata, bbox_inches="tight")
            contents[suffix] = content.getvalue()
    return contents, glyphs


def save_figure(figure: Figure, folder: Path, name: str, suffixes: Iterable[str] = ("svg", "png")) -> list[Path]:
    """Write a chart as SVG and PNG; the same chart gives the same bytes. Returns the paths."""
    contents, _ = render(figure, suffixes)
    for suffix, content in contents.items():
        write_bytes(folder / f"{name}.{suffix}", content)
    return [folder / f"{name}.{suffix}" for suffix in contents]


def _write_texts_out(figure: Figure) -> None:
    """Let names be drawn as they are: what matplotlib would read as mathematics is only for the ticks of numbers.

    What cannot be seen becomes an escape; in an SVG it would be no XML.
    """
    numbers: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), ScalarFormatter | LogFormatter):
                numbers |= _tick_texts(axis)
                continue
            names = [label.get_text() for label in axis.get_ticklabels()]
            shown = [in_chart(name) for name in names]
            if shown != names:  # which an axis writes anew when it is drawn
                axis.set_ticklabels(shown)
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text not in numbers:
            text.set_parse_math(False)
            text.set_text(in_chart(text.get_text()))


def _tick_texts(axis: Axis) -> set[Text]:
    return {
        label for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()) for label in (tick.label1, tick.label2)
    }


def _make_room(figure: Figure) -> None:
    """Widen a chart by what labels beside its axes need beyond the usual, so that they do not squeeze the axes."""
    beside = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    named = [text.get_text() for axis in figure.axes[:1] for text in axis.get_yticklabels()]
    width, height = figure.get_size_inches()
    more = sum(max(0, max(map(len, texts), default=0) - USUAL_LABEL) for texts in (beside, named))
    figure.set_size_inches(width + INCHES_PER_LETTER * more, height)
