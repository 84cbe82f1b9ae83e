"""What a report is made of, whatever shows it: headings, words, lists, tables and figures, with names unspelt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True)
class Name:
    """Words from outside, of which a renderer takes care: names of datasets, classes and arms, settings, errors.

    Attributes:
        text: As they came.
        web: Whether addresses in them may become links.
    """

    text: str
    web: bool = False


#: Words of a report: our own as they are, and names among them. Our own may hold what all renderers show well.
Text = str | Name | tuple[str | Name, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the report's own."""

    text: Text
    level: int = 3


@dataclass(frozen=True)
class Paragraph:
    """One paragraph."""

    text: Text


@dataclass(frozen=True)
class Items:
    """An unordered list."""

    texts: Sequence[Text]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        header: A heading per column.
        rows: A cell per column.
        left: How many columns are text, counted from the first; the rest are numbers.
    """

    header: Sequence[Text]
    rows: Sequence[Sequence[Text]]
    left: int = 1


@dataclass(frozen=True)
class FigureOf:
    """A chart of the run by its name, which is its file's without suffix; one that was not drawn is left out."""

    name: str


@dataclass(frozen=True)
class Passage:
    """Paragraphs from outside, written in Markdown."""

    text: str


Block = Heading | Paragraph | Items | Table | FigureOf | Passage


def text(*parts: Text) -> Text:
    """Return parts one behind the other."""
    return tuple(chain.from_iterable(part if isinstance(part, tuple) else (part,) for part in parts))


def joined(texts: Iterable[Text], between: str = ", ") -> Text:
    """Return texts with something between each two."""

    def parts() -> Iterator[Text]:
        for number, one in enumerate(texts):
            if number:
                yield between
            yield one

    return text(*parts())


def spelt(words: Text, spell: Callable[[Name], str]) -> str:
    """Return words as a medium shows them, whose names are spelt by `spell`."""
    parts = words if isinstance(words, tuple) else (words,)
    return "".join(spell(part) if isinstance(part, Name) else part for part in parts)
