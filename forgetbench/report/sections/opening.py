"""What a run is."""

from __future__ import annotations

from collections.abc import Iterator

from forgetbench.report.blocks import Block, Heading, Name, Passage
from forgetbench.report.view import RunView


def section(view: RunView) -> Iterator[Block]:
    """Yield the suite's name and description."""
    yield Heading(Name(view.suite["name"]), level=1)
    yield Passage(view.suite["description"])
