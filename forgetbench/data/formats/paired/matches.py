"""Which image is whose, where each has an annotation file of its own: by name, by what the file says, or nearly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from forgetbench.data.formats.paired.pairs import key_of
from forgetbench.data.reading.nearest import NearNames, slashed
from forgetbench.data.reading.paths import IMAGE_SUFFIXES, UNREAD_SUFFIXES

#: What a class's own list says beside each name: whether the class is there. Some lists name the annotation file there.
_COLUMN = re.compile(r"(?P<name>.*\S)\s+(-1|0|1|\S+\.(?:xml|json))", re.IGNORECASE)
_SUFFIXES = IMAGE_SUFFIXES | UNREAD_SUFFIXES | {".xml", ".json"}


@dataclass(frozen=True)
class Match:
    """An image, its annotation file if it has one, and how they were found."""

    key: str
    image: Path
    file: Path | None = None
    others: tuple[Path, ...] = ()
    near: bool = False


class PairedFiles:
    """The images of one folder and the annotation files of one.

    Args:
        images: Images by key, those of one key in the order in which they count.
        files: Annotation files by key.
        named: What an annotation file calls its image; empty if nothing.
    """

    def __init__(self, images: dict[str, list[Path]], files: dict[str, Path], named: Mapping[Path, str]) -> None:
        self.images, self.files = images, files
        self._images = {f"{key}{path.suffix}": key for key, paths in images.items() for path in paths}
        # An image that has an annotation file of its own name is no other's.
        self._owners: dict[str, list[str]] = {}
        self._found = {key: self._match(key, path, named[path]) for key, path in files.items()}

    @cached_property
    def _near_images(self) -> NearNames:
        return NearNames(self._images)

    @cached_property
    def _near_files(self) -> NearNames:
        return NearNames(self.files)

    @property
    def is_empty(self) -> bool:
        """Tell whether no image has an annotation file."""
        return not any(self._found.values())

    def find(self, key: str) -> Match | None:
        """Return the image of an annotation file's key, or of its own."""
        if key in self.files:
            return self._found[key]
        if key in self._owners:
            return self._found[self._owners[key][0]]
        if key not in self.images:
            return None
        first, *others = self.images[key]
        return Match(key, first, others=tuple(others))

    def rivals(self, key: str) -> list[Match]:
        """Return what `find` does not, of the matches of an image that several annotation files are of."""
        return [found for other in self._owners.get(key, [])[1:] if (found := self._found[other]) is not None]

    def key(self, texts: Sequence[str], folder: Path) -> str | None:
        """Return the key that the first fitting of some texts names; a folder or a suffix may be part of it."""
        for text in texts:
            for form in _forms(text, folder):
                if form in self.images or form in self.files:
                    return form
        return None

    def near_key(self, texts: Sequence[str]) -> tuple[str, Path] | None:
        """Return the key that the first fitting of some texts nearly names, and its image."""
        for text in texts:
            name, file = self._near_images.find(text), self._near_files.find(text)
            key = self._images[name] if name is not None else file
            found = None if key is None else self.find(key)
            if key is not None and found is not None:
                return key, found.image
        return None

    def _match(self, key: str, file: Path, named: str) -> Match | None:
        name = PurePosixPath(slashed(named)).name
        if key in self.images:
            # Of several images of one name the one that the file names; else the first.
            first, *others = sorted(self.images[key], key=lambda path: path.name != name)
            return Match(key, first, file, tuple(others))
        beside = str(PurePosixPath(key).parent / name)
        exact = [text for text in (slashed(named), beside) if name and text in self._images]
        near = [self._near_images.find(text) for text in (key, named) if text] if not exact else []
        keys = [self._images[text] for text in (*exact, *near) if text is not None]
        of = next((key for key in keys if key not in self.files), None)
        if of is None:
            return None
        self._owners.setdefault(of, []).append(key)
        return Match(key, self.images[of][0], file, near=not exact)


def names_in(line: str) -> list[str]:
    """Return what a list's line may name, the whole first; nothing if it is empty."""
    whole = line.strip().lstrip("\ufeff")
    column = _COLUMN.fullmatch(whole)
    return [_unquoted(text) for text in ([whole, column["name"]] if column else [whole]) if text]


def _unquoted(text: str) -> str:
    for quote in ('"', "'"):
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            return text[1:-1].strip()
    return text


def _forms(text: str, folder: Path) -> Iterator[str]:
    """Yield the keys that a name may stand for: as it is, below the folder of images, and without a suffix."""
    plain = slashed(text)
    parts = plain.split("/")
    inside = [at for at, part in enumerate(parts[:-1]) if part.casefold() == folder.name.casefold()]
    below = [key_of(parts[inside[-1] + 1 :])] if inside else []
    for form in dict.fromkeys((text, plain, key_of(parts), *below)):
        yield form
        if PurePosixPath(form).suffix.lower() in _SUFFIXES:
            yield str(PurePosixPath(form).with_suffix(""))
