"""The chart of class activation maps: the same images under several networks, side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from forgetbench.report.text import shown_name

#: Inches: width of a panel, space between panels, and what the labels to the left need.
_WIDTH, _GAP, _LABELS = 2.1, 0.1, 1.7
#: Inches that a line of text needs.
_LINE = 0.19
#: Least and most that a panel's height may be as a share of its width.
_FLATTEST, _TALLEST = 0.25, 1.3
#: How much the colour of the greatest heat covers the image.
_COVER = 0.6


@dataclass(frozen=True)
class Panel:
    """One network's view of an image.

    Attributes:
        heat: (height, width) in [0, 1], drawn over the image; None draws the image as it is.
        boxes: (n, 4) xyxy in pixels of the original image.
        names: Class name of each box.
        caption: Stands below.
    """

    heat: NDArray[np.float32] | None
    boxes: NDArray[np.floating]
    names: Sequence[str]
    caption: str


@dataclass(frozen=True)
class PictureRow:
    """An image and its panels, a row of the chart.

    Attributes:
        label: Stands to the left, in lines.
        pixels: (height, width, 3) uint8 RGB, at any size.
        size: (width, height) of the original image in pixels, whose aspect is drawn.
        panels: One per column.
    """

    label: Sequence[str]
    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    panels: Sequence[Panel]


def draw_cams(columns: Sequence[str], pictures: Sequence[PictureRow], title: str, note: str) -> Figure:
    """Draw images in rows and networks in columns.

    Args:
        columns: Heading of each column.
        pictures: Rows, each with a panel per column.
        title: Heading of the chart.
        note: Stands below the chart.
    """
    headings, note = [_wrapped([column], 22) for column in columns], _wrapped(note.splitlines(), 50 * len(columns))
    heights = [_WIDTH * min(max(p.size[1] / p.size[0], _FLATTEST), _TALLEST) for p in pictures]
    captions = [_LINE * max(_lines(panel.caption) for panel in picture.panels) + _GAP for picture in pictures]
    above, below = _LINE * (2 + max(map(_lines, headings))), _LINE * _lines(note)
    width = _LABELS + (_WIDTH + _GAP) * len(columns)
    height = above + sum(heights) + sum(captions) + below
    figure = Figure(figsize=(width, height))
    figure.suptitle(title, fontsize=13, y=1, va="top")
    figure.supxlabel(note, fontsize=10, y=0, va="bottom")
    bottom = height - above
    for picture, tall, caption in zip(pictures, heights, captions, strict=True):
        bottom -= tall
        row = []
        for column, panel in enumerate(picture.panels):
            left = _LABELS + (_WIDTH + _GAP) * column
            row.append(figure.add_axes((left / width, bottom / height, _WIDTH / width, tall / height)))
            _draw(row[-1], picture, panel)
        label = _wrapped(picture.label, 20)
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=10)
        bottom -= caption
    for heading, axis in zip(headings, figure.axes, strict=False):
        axis.set_title(heading, fontsize=11)
    return figure


def _draw(axis: Axes, picture: PictureRow, panel: Panel) -> None:
    width, height = picture.size
    extent = (0.0, float(width), float(height), 0.0)
    axis.imshow(picture.pixels, extent=extent, interpolation="bilinear")
    if panel.heat is not None:
        axis.imshow(panel.heat, extent=extent, cmap="turbo", vmin=0, vmax=1, alpha=_COVER * np.sqrt(panel.heat))
    for (x1, y1, x2, y2), name in zip(panel.boxes, panel.names, strict=True):
        edge = axis.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor="white", linewidth=0.8))
        edge.set_path_effects([withStroke(linewidth=1.8, foreground="#00000080")])  # seen on white as well
        at_right = x1 > 0.75 * width  # so that the name is not cut off by the image's edge
        axis.text(
            x2 if at_right else x1, y1, shown_name(name), fontsize=6.5, ha="right" if at_right else "left", va="top",
            clip_on=True, bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.4},
        )  # fmt: skip
    axis.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    axis.set_xlabel(panel.caption, fontsize=9, labelpad=2)


def _wrapped(lines: Sequence[str], width: int) -> str:
    return "\n".join(part for line in lines for part in textwrap.wrap(line, width))


def _lines(text: str) -> int:
    return text.count("\n") + 1
