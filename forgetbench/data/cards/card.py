"""Dataset cards: one YAML file that says of a dataset where it comes from, how it is had, read and checked.

Shipped cards lie in `cards/` beside this module. A user's own card lies beside the suite, as `<name>.card.yaml` or
`cards/<name>.yaml`, and goes before a shipped one of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator

from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.errors import DataError, SuiteError, brief, nearest
from forgetbench.names import stays_inside
from forgetbench.suite.bounds import LARGEST_SEED, MOST_CLASSES, MOST_DATA_BYTES, MOST_NAMED, NameText, PathText, Prose
from forgetbench.suite.data_section import Data, keys_of
from forgetbench.suite.formats import alternatives, readable_formats
from forgetbench.suite.kinds import PlainName, Section
from forgetbench.suite.yamlfile import read_mapping

#: What `images` calls all images of data that come without splits.
ALL = "all"
_FOLDER = "cards"
_SHIPPED = Path(__file__).parent
_OWN_ENDING = ".card.yaml"
#: Keys of a data section that exclude each other.
_EXCLUSIVE = ((("split",), ("train", "evaluate")), (("names",), ("class_by_name",)))


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(char.isspace() for char in text):
        raise ValueError(f"expected an address that begins with https:// or http://, found {brief(text)}")
    return text


def _inside(text: str) -> str:
    if not stays_inside(text):
        raise ValueError(f"expected a relative path without '..', found {brief(text)}")
    return text


Address = Annotated[PathText, AfterValidator(_web_address)]
InsidePath = Annotated[PathText, AfterValidator(_inside)]
NonEmptyProse = Annotated[Prose, Field(min_length=1)]
Bytes = Annotated[int, Field(gt=0, le=MOST_DATA_BYTES)]
Sha256 = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$", json_schema_extra={"$comment": "64 hexadecimal digits, lower case, or null if unseen"}
    ),
]


class Archive(Section):
    """One file of a download, a zip or tar archive."""

    url: Address
    sha256: Sha256 | None = Field(None, description="digest of its bytes; where null, what comes first is pinned")
    size: Bytes | None = Field(None, description="its size in bytes")
    keep: list[InsidePath] = Field(
        default=[], max_length=MOST_NAMED, description="the only files and folders unpacked; empty for all"
    )
    top: InsidePath | None = Field(None, description="the only folder unpacked, without its own name")
    into: InsidePath | None = Field(None, description="where in the data's folder it is unpacked; default: right there")

    @property
    def file_name(self) -> str:
        """The last part of the address that looks like a file's name, for people to read."""
        address = urlsplit(self.url)
        parts = [part for part in address.path.split("/") if part] or [str(address.hostname)]
        return next((part for part in reversed(parts) if "." in part), parts[-1])


class Card(Section):
    """All that is known of a dataset. What is not stated by its source is null, never a guess."""

    name: PlainName = Field(description="what suites call it; the file's name without its ending")
    title: NonEmptyProse
    source: Address | None = Field(None, description="page to read about the data")
    licence: NonEmptyProse
    notes: Prose | None = None
    subset_of: NonEmptyProse | None = Field(None, description="what a fixed subset is part of, in words")
    data: Data = Field(description="how the data are read: a suite's data section without 'card'")
    classes: Annotated[list[NameText], Field(min_length=1, max_length=MOST_CLASSES)] | Literal["coco"] | None = Field(
        None, description="class names in order, or coco for COCO's 80"
    )
    images: dict[NameText, Annotated[int, Field(gt=0, le=LARGEST_SEED)] | None] = Field(
        default={}, max_length=MOST_NAMED, description="number of images on disk by part; 'all' for data without parts"
    )
    holds: list[InsidePath] = Field(default=[], max_length=MOST_NAMED, description="what the data's folder must hold")
    archives: list[Archive] = Field(default=[], max_length=MOST_NAMED, description="what is downloaded")
    most_bytes: Bytes | None = Field(None, description="bound on what the archives may unpack to")
    by_hand: NonEmptyProse | None = Field(None, description="what to fetch and where to put it, in words")

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The class names in order, if the card says them."""
        return COCO_NAMES if self.classes == "coco" else tuple(self.classes) if self.classes else None

    @property
    def path(self) -> str:
        """Folder of the data: relative to where data are looked for, and to where downloads go."""
        return self.data.path or ""

    @model_validator(mode="after")
    def _is_complete(self) -> Card:
        if self.data.card is not None:
            raise ValueError("'data.card' belongs into a suite, not into a card")
        if self.data.limit is not None and self.subset_of is None:
            raise ValueError("'data.limit' makes a subset; say of what with 'subset_of'")
        if self.data.is_drawn:
            expected = alternatives(readable_formats())
            raise ValueError(
                f"'data.format' is '{self.data.format}', which are drawn and need no card; expected {expected}"
            )
        if not self.archives and self.by_hand is None:
            raise ValueError("needs 'archives' to download, or 'by_hand' saying what to fetch and where to put it")
        if self.archives and self.most_bytes is None:
            raise ValueError("'archives' need 'most_bytes', a bound on what they may unpack to")
        if self.archives and not stays_inside(self.path):
            raise ValueError(
                f"'data.path' leads out of the folder that downloads go to; expected a relative path without '..', "
                f"found '{self.path}'"
            )
        return self

    def image_count(self, split: str) -> int | None:
        """Return how many images a split has, or several joined by `+`; None where the card does not say."""
        splits = [*self.images] if split == ALL and ALL not in self.images else split.split("+")
        counts = [self.images.get(name) for name in splits]
        known = [count for count in counts if count is not None]
        return sum(known) if known and len(known) == len(counts) else None

    def apply(self, section: Data) -> Data:
        """Return the card's data section with what a suite's section says in its place.

        Some keys exclude each other, as a seeded split and named splits do: the suite's drop the card's other.

        Raises:
            SuiteError: the keys of the two do not go together.
        """
        base = self.data.model_dump(exclude_unset=True)
        given = section.model_dump(exclude_unset=True, exclude={"card"})
        for key in ("format", "path"):
            if given.get(key) is None:
                given.pop(key, None)
        for one, other in _EXCLUSIVE:
            for named, dropped in ((one, other), (other, one)):
                if any(given.get(key) is not None for key in named):
                    base = {key: value for key, value in base.items() if key not in dropped}
        merged: dict[str, Any] = {**base, **given}
        try:
            return Data.model_validate(merged)
        except ValidationError as error:
            where = f"card '{self.name}' with what the suite says beside it"
            raise keys_of(Data, merged).error(error, merged, lambda _path: where) from None


@dataclass(frozen=True)
class LoadedCard:
    """A card and the file it came from."""

    card: Card
    path: Path

    @property
    def called(self) -> str:
        """What the command line calls it: a shipped card by its name, any other by its file."""
        return self.card.name if self.folder is None else str(self.path)

    @property
    def folder(self) -> Path | None:
        """Folder in which its data are looked for first: the one that an own card lies beside a suite in."""
        if self.path.parent == _SHIPPED:
            return None
        beside = self.path.absolute().parent
        return beside if self.path.name.endswith(_OWN_ENDING) or beside.name != _FOLDER else beside.parent


def load_card(path: Path) -> LoadedCard:
    """Read and check one card.

    Raises:
        SuiteError: it cannot be read, is not YAML, or does not fit the schema.
    """
    content = read_mapping(path, "card")
    try:
        card = Card.model_validate(content)
    except ValidationError as error:
        raise keys_of(Card, content.get("data")).error(error, content, lambda _path: str(path)) from None
    if card.name != _stem(path):
        raise SuiteError(
            "a card is called as its file is", where=f"{path}: name", expected=_stem(path), found=card.name
        )
    return LoadedCard(card, path)


def find_card(name: str, folder: Path | None) -> LoadedCard:
    """Return the card of a name, the user's own before a shipped one.

    Args:
        name: The card's name.
        folder: Where own cards are looked for first, before the current folder: the suite's folder, if there is one.

    Raises:
        DataError: there is none of that name.
        SuiteError: there is, and it is wrong.
    """
    known = card_files(folder)
    if name not in known:
        near = nearest(name, known)
        raise DataError(
            "no such card",
            where=name,
            expected=f"one of {', '.join(known)}",
            fix=(f"Did you mean '{near}'? " if near else "")
            + f"A card of your own is looked for as {name}{_OWN_ENDING}, beside the suite and in the current folder.",
        )
    return load_card(known[name])


def resolve(section: Data, folder: Path | None) -> tuple[Data, LoadedCard | None]:
    """Return a suite's section with what its card says filled in, and the card, if it names one.

    Raises:
        DataError: there is no such card.
        SuiteError: the card is wrong, or does not go with what the section says.
    """
    if section.card is None:
        return section, None
    found = find_card(section.card, folder)
    return found.card.apply(section), found


def card_files(folder: Path | None) -> dict[str, Path]:
    """Return the files of all cards by name, sorted by name; without a folder, those that come with forgetbench."""
    files = {path.stem: path for path in _SHIPPED.glob("*.yaml")}
    for own in () if folder is None else (Path.cwd(), folder):
        for path in (*(own / _FOLDER).glob("*.yaml"), *own.glob(f"*{_OWN_ENDING}")):
            files[_stem(path)] = path
    return dict(sorted(files.items()))


def _stem(path: Path) -> str:
    return path.name.removesuffix(_OWN_ENDING) if path.name.endswith(_OWN_ENDING) else path.stem
