"""Blocks as a terminal shows them: lines, and tables with the heading before them as their title.

Names stay as they are: what prints the lines spells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forgetbench.report.blocks import Block, FigureOf, Heading, Items, Name, Paragraph, Passage, Table, Text, spelt


@dataclass(frozen=True)
class TitledTable:
    """A table of plain cells; the first `left` columns are text, the rest numbers."""

    title: str
    header: list[str]
    rows: list[list[str]]
    left: int


def terminal(blocks: Iterable[Block]) -> Iterator[str | TitledTable]:
    """Yield what is printed, in order; charts have no place on a terminal."""
    title = ""
    for block in blocks:
        match block:
            case Heading():
                title = _words(block.text)
            case Table():
                rows = [list(map(_words, row)) for row in block.rows]
                yield TitledTable(title, list(map(_words, block.header)), rows, block.left)
            case Items():
                yield from map(_words, block.texts)
            case Paragraph():
                yield _words(block.text)
            case Passage():
                yield block.text
            case FigureOf():
                pass


def _words(text: Text) -> str:
    return spelt(text, _name)


def _name(name: Name) -> str:
    return name.text
