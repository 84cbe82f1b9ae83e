"""Blocks as Markdown, as GitHub renders it: `summary.md`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from forgetbench.report.blocks import Block, FigureOf, Heading, Items, Name, Paragraph, Passage, Table, Text, spelt
from forgetbench.shown import in_markdown, paragraphs_in_markdown


def markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as a file; those without a word are left out."""
    return "\n\n".join(filter(None, map(_block, blocks))) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_words(block.text)}"
        case Paragraph():
            return _words(block.text)
        case Items():
            return "\n".join(f"- {_words(one)}" for one in block.texts)
        case Table():
            return _table(block)
        case FigureOf():
            return f"![{in_markdown(block.name)}](figures/{quote(block.name, errors='backslashreplace')}.png)"
        case Passage():
            return paragraphs_in_markdown(block.text)


def _table(table: Table) -> str:
    def line(cells: Sequence[Text]) -> str:
        return "| " + " | ".join(_cell(_words(cell)) for cell in cells) + " |"

    rule = [":--" if column < table.left else "--:" for column in range(len(table.header))]
    return "\n".join(map(line, (table.header, rule, *table.rows)))


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text.replace("\n", " "))


def _words(text: Text) -> str:
    return spelt(text, _name)


def _name(name: Name) -> str:
    return in_markdown(name.text, web=name.web)
