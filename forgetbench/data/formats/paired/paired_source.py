"""Data with one annotation file an image: which image is whose, and which of them a split lists.

An annotation file's image is that of its own name; else the one that it names; else the only one that either name
nearly matches. A list's line names an image or an annotation file in the same ways. Images without an annotation file
are background where a list names them; of a split without a list they are left out.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forgetbench.data.clean import CLASS_NAMED_TWICE, DUPLICATE_IMAGE, IMAGE_WITHOUT_LABEL, MISSING_IMAGE, NEAR_NAMES
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.paired.matches import PairedFiles, names_in
from forgetbench.data.formats.paired.pairs import Pair, files_by_key, split_name
from forgetbench.data.reading.nearest import nearly_named
from forgetbench.data.reading.paths import IMAGE_SUFFIXES, UNREAD_SUFFIXES, read_lines
from forgetbench.data.reading.source import Described, Listed, Source, unknown_split
from forgetbench.errors import DataError


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of an annotation file that was looked through before any image is read.

    Attributes:
        image: What it calls its image; empty if nothing.
        described: What it says of the image as a whole.
    """

    image: str = ""
    described: Described = field(default_factory=Described)


class PairedSource(Source):
    """A dataset with one annotation file an image.

    Args:
        root: The dataset's folder.
        pairs: Its splits.
        suffix: What annotation files end in, in lower case.
        names: Class names in the order wanted; None for all that are found, sorted.
        expected: What annotation files have to hold, for errors.

    Raises:
        DataError: no object is annotated, so that there are no names.
    """

    def __init__(
        self, root: Path, pairs: Sequence[Pair], suffix: str, names: tuple[str, ...] | None, expected: str
    ) -> None:
        super().__init__(root, names or (), OddityReport())
        for name, count in Counter(self.classes).items():
            if count > 1:
                detail = (
                    f"{count} classes are called '{name}', which nothing tells apart: boxes count as the last one's"
                )
                self.report.add(CLASS_NAMED_TWICE, "names", detail)
        self._suffix = suffix
        self._near: dict[str, tuple[str, Path]] = {}
        folders = dict.fromkeys(pair.annotations for pair in pairs)
        files = {folder: files_by_key(folder, frozenset({suffix})) for folder in folders}
        self._facts: dict[Path, Facts] = {}
        found: set[str] = set()
        unreadable: list[str] = []  # reported again when their images are read
        every = list(dict.fromkeys(path for by_key in files.values() for paths in by_key.values() for path in paths))
        for path in every:
            try:
                surveyed = self._survey(path)
            except (OSError, ValueError) as error:
                unreadable.append(f"{path.name}: {error}")
                self._facts[path] = Facts()
                continue
            if surveyed is not None:
                self._facts[path] = surveyed[0]
                found |= surveyed[1]
        if names is None:
            self.classes = tuple(sorted(found))
        if names is None and not found:
            first = f"; first {unreadable[0]}" if unreadable else ""
            raise DataError(
                "no object is annotated",
                where=pairs[0].annotations,
                expected=expected,
                found=f"{len(every)} {suffix.lstrip('.').upper()} files, {len(unreadable)} unreadable{first}",
                fix="Check the path and the format.",
            )
        kept = {
            folder: {key: own[0] for key, paths in by_key.items() if (own := [p for p in paths if p in self._facts])}
            for folder, by_key in files.items()
        }
        named = {path: facts.image for path, facts in self._facts.items()}
        images = {folder: files_by_key(folder, IMAGE_SUFFIXES) for folder in {pair.images for pair in pairs}}
        self._matches = {
            (pair.images, pair.annotations): PairedFiles(images[pair.images], kept[pair.annotations], named)
            for pair in pairs
        }
        # Folders of images that nobody annotated, such as a competition's test images, are no splits.
        splits = [pair for pair in pairs if pair.listing or not self._matches[pair.images, pair.annotations].is_empty]
        self._pairs = {pair.split: pair for pair in splits or pairs}

    @abstractmethod
    def _survey(self, path: Path) -> tuple[Facts, set[str]] | None:
        """Look through an annotation file: return its facts and class names, or None if it is no annotation file.

        Raises:
            ValueError: it cannot be read.
        """

    @property
    def split_names(self) -> tuple[str, ...]:
        """Names of the lists, else of the folders of splits; else of all annotated images, by their year or unnamed."""
        return tuple(self._pairs)

    def described(self, listed: Listed) -> Described:
        """Return what an image's annotation file says of it as a whole."""
        return self._facts.get(Path(listed.key), Facts()).described

    def conclude(self, images: Sequence[Listed]) -> None:
        """Tell of names that were found nearly, once for all."""
        used = {listed.image for listed in images}
        near = [(given, image) for given, image in self._near.values() if image in used]
        if near:
            given, image = near[0]
            self.report.add(NEAR_NAMES, self.name_of(image), nearly_named(len({image for _, image in near}), given))

    def list_images(self, split: str) -> list[Listed]:
        """List a split's images in its list's order; without a list, every annotated image."""
        pair = self._pairs.get(split) or self._pairs.get(split_name(split))
        if pair is None:
            raise unknown_split(self, split)
        matches = self._matches[pair.images, pair.annotations]
        unread: dict[str, list[Path]] | None = None
        listed = []
        for key, said_by, place in self._entries(pair, matches):
            found = matches.find(key)
            if found is None:
                unread = files_by_key(pair.images, UNREAD_SUFFIXES) if unread is None else unread
                if key not in unread:
                    missing = self.name_of(pair.images / f"{key}.*")
                    self.report.add(MISSING_IMAGE, self.name_of(said_by), f"{place}: no image {missing}: left out")
                continue
            for other in found.others:
                detail = f"same name as {self.name_of(found.image)}: left out"
                self.report.add(DUPLICATE_IMAGE, self.name_of(other), detail)
            for one in (found, *matches.rivals(key)):
                path = one.file or pair.annotations / f"{one.key}{self._suffix}"
                if one.near:
                    self._near.setdefault(str(path), (self.name_of(path), one.image))
                # Splits may hold images of equal name, so the key is the whole path.
                listed.append(Listed(one.image, self.name_of(one.image), str(path), self.name_of(path), one.near))
        if unread:
            self.report_unread(pair.images)
        if pair.listing is None:
            self._tell_of_others(pair, {entry.image for entry in listed})
        return listed

    def _entries(self, pair: Pair, matches: PairedFiles) -> Iterator[tuple[str, Path, str]]:
        """Yield key, file that names it and place there, for each image of a split."""
        if pair.listing is None:
            sharing = [other for other in self._pairs.values() if other.annotations == pair.annotations]
            elsewhere = [self._matches[other.images, other.annotations] for other in sharing if other != pair]
            for key, path in matches.files.items():
                if key in matches.images or not any(key in other.images for other in elsewhere):
                    yield key, path, "annotated"
            return
        for number, line in enumerate(read_lines(pair.listing), start=1):
            texts = names_in(line)
            if not texts:
                continue
            named = matches.key(texts, pair.images)
            if named is None and (near := matches.near_key(texts)) is not None:
                named, image = near
                self._near.setdefault(f"{pair.listing}\0{line}", (texts[-1], image))
            yield named or texts[-1], pair.listing, f"line {number}"

    def _tell_of_others(self, pair: Pair, used: set[Path]) -> None:
        """Report the images of a split without a list that have no annotation file."""
        matches = self._matches[pair.images, pair.annotations]
        others = [
            paths[0] for key, paths in matches.images.items() if key not in matches.files and paths[0] not in used
        ]
        if others:
            few = "this image has" if len(others) == 1 else f"{len(others)} images have"
            detail = f"{few} no annotation file, and no list names them: left out"
            self.report.add(IMAGE_WITHOUT_LABEL, self.name_of(others[0]), detail)
