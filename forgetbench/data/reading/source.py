"""What every reader returns: a dataset's splits, listed and read only when asked for."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from forgetbench.data import clean
from forgetbench.data.clean import RawBox
from forgetbench.data.dataset import OddityReport, Sample, relative_name
from forgetbench.data.images.frames import Frame, Move, Size, moves
from forgetbench.data.images.known_images import KnownImages
from forgetbench.data.images.measure import CorruptImageError
from forgetbench.data.reading.one_record import one_record_a_file
from forgetbench.data.reading.paths import UNREAD_SUFFIXES, plain_path, walk_images
from forgetbench.errors import DataError, counted, nearest

#: What the only split of data without named splits is called.
UNNAMED = ""
#: An error names at most this many splits: Pascal VOC has a list for every class.
_MOST_SPLITS_SHOWN = 8
#: What is known of images is written down after so many, so that a first reading that is stopped can go on.
_KEPT_TOGETHER = 5000


@dataclass(frozen=True)
class Listed:
    """An image that a split lists.

    Attributes:
        image: The image file, links not resolved.
        name: What reports and orders call it: relative to the dataset, with forward slashes.
        key: What the reader finds its annotations by.
        given: What the data call it, where they name images; else empty.
        near: Whether that only nearly is the file's name.
    """

    image: Path
    name: str
    key: str
    given: str = ""
    near: bool = False


@dataclass(frozen=True)
class Annotations:
    """What is said of one image.

    Attributes:
        file: What reports call the file it stands in.
        boxes: The annotations.
        absent: Why there are none, if there are none.
    """

    file: str
    boxes: list[RawBox]
    absent: str = "no label"


@dataclass(frozen=True)
class Described:
    """What annotations say of an image as a whole, as far as it is needed before boxes are read.

    Attributes:
        size: (width, height) stated, if any.
        reach: (x, y) in pixels that boxes reach to the right and downwards, in the frame of that size; None without.
    """

    size: Size | None = None
    reach: Size | None = None


class Source(ABC):
    """A dataset on disk.

    Attributes:
        root: The dataset's folder.
        classes: Class names.
        report: What was odd in the splits listed and read so far.
    """

    def __init__(self, root: Path, classes: tuple[str, ...], report: OddityReport) -> None:
        self.root, self.classes, self.report = plain_path(root), classes, report

    @property
    @abstractmethod
    def split_names(self) -> tuple[str, ...]:
        """Names of the splits; the empty name alone where the data have no splits."""

    @abstractmethod
    def list_images(self, split: str) -> list[Listed]:
        """List a split's images without opening them; those missing are left out and reported."""

    @abstractmethod
    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return what is said of an image of the given (width, height), or None if that cannot be read at all.

        Called from several threads at once.
        """

    def described(self, _listed: Listed) -> Described:
        """Return what annotations say of an image as a whole; by default nothing. Called from several threads."""
        return Described()

    def conclude(self, images: Sequence[Listed]) -> None:  # noqa: B027 - most formats have nothing to conclude
        """Draw the format's own conclusions from all images that are used; nothing of them is read before.

        Raises:
            DataError: what the images have in common proves that they cannot be read as this format says.
        """

    def images(self, split: str) -> list[Listed]:
        """List a split's images without opening them; those missing or listed twice are left out and reported."""
        return self.images_of((split,))

    def images_of(self, splits: Sequence[str]) -> list[Listed]:
        """List several splits' images one after the other, as `images` does."""
        return self._one_record_each([listed for split in splits for listed in self.list_images(split)])

    def samples(self, split: str) -> tuple[Sample, ...]:
        """List and read one split."""
        return self.read(self.images(split))[0]

    def read(self, *purposes: Sequence[Listed]) -> list[tuple[Sample, ...]]:
        """Open images and their annotations, for one purpose or several; unusable ones are left out and reported.

        What the data leave open is concluded from the images of all purposes together, once.

        Returns:
            The samples of each purpose, in the order given.
        """
        everything = [listed for images in purposes for listed in images]
        with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as threads:
            # PIL warns of metadata nobody asks for; what matters here is reported.
            warnings.simplefilter("ignore")
            self.conclude(everything)
            known = KnownImages([listed.image for listed in everything])
            opened: list[tuple[Frame | None, OddityReport]] = []
            for start in range(0, len(everything), _KEPT_TOGETHER):
                some = everything[start : start + _KEPT_TOGETHER]
                opened += threads.map(partial(self._open, known), some)
                known.keep()
            self.report.found += [oddity for _, report in opened for oddity in report.found]
            frames = [frame for frame, _ in opened]
            found = iter(moves([frame for frame in frames if frame is not None], self.report))
            placed = [(frame, None if frame is None else next(found)) for frame in frames]
            results = list(threads.map(self._read_one, everything, placed))
        odd = [oddity for _, report, _ in results for oddity in report.found]
        # Polygons are odd only where others are boxes; a set of polygons alone is a plain segmentation set.
        if not any(plain for _, _, plain in results):
            odd = [oddity for oddity in odd if oddity.kind != clean.POLYGON_AMONG_BOXES]
        self.report.found += odd
        samples = iter([sample for sample, _, _ in results])
        return [tuple(s for s in (next(samples) for _ in images) if s is not None) for images in purposes]

    def _open(self, known: KnownImages, listed: Listed) -> tuple[Frame | None, OddityReport]:
        """Return what is known of an image's frame, and its oddities; no frame if the image cannot be used."""
        report = OddityReport()
        try:
            measured = known.measure(listed.image)
        except FileNotFoundError:
            report.add(clean.MISSING_IMAGE, listed.name, "listed, but there is no such file: left out")
            return None, report
        except CorruptImageError as error:
            report.add(clean.CORRUPT_IMAGE, listed.name, f"left out: {error}")
            return None, report
        if measured.dark:
            report.add(clean.DARK_IMAGE, listed.name, f"{measured.dark}: nearly black as decoded; rescale its values")
        described = self.described(listed)
        return Frame(listed.name, measured, described.size, described.reach), report

    def _read_one(
        self, listed: Listed, placed: tuple[Frame | None, Move | None]
    ) -> tuple[Sample | None, OddityReport, bool]:
        """Return one image's sample, its oddities, and whether any annotation is a plain box."""
        report = OddityReport()
        frame, move = placed
        if frame is None:
            return None, report, False
        size, sha256 = frame.measured.size, frame.measured.sha256
        said = self.annotations(listed, size, report)
        if said is None:
            return None, report, False
        boxes = said.boxes if move is None else [move(box) for box in said.boxes]
        sample = clean.clean_sample(listed.image, size, boxes, self.classes, report, file=said.file, sha256=sha256)
        if not len(sample.boxes):
            reason = f"none of {len(said.boxes)} labels is usable" if said.boxes else said.absent
            report.add(clean.IMAGE_WITHOUT_LABEL, listed.name, f"{reason}: kept as background")
        return sample, report, any(not box.polygon for box in said.boxes)

    def name_of(self, path: Path) -> str:
        """Return a file's name relative to the dataset."""
        return relative_name(path, self.root)

    def report_unread(self, folder: Path) -> None:
        """Report the images under a folder that are of a format nobody here decodes, once."""
        found = list(walk_images(folder, UNREAD_SUFFIXES))
        if found:
            few = counted(len(found), "image here is", "images here are")
            detail = f"{few} of a format that is not read: convert to JPEG or PNG"
            self.report.add(clean.UNREAD_FORMAT, self.name_of(found[0]), detail)

    def one_record_a_file(self, *purposes: Sequence[Listed]) -> list[list[Listed]]:
        """Leave out and report images that several records name, for one purpose or across several."""
        return one_record_a_file(purposes, self.name_of, self.report)

    def _one_record_each(self, images: Sequence[Listed]) -> list[Listed]:
        """Leave out and report images that are listed twice or share their annotations with an earlier one."""
        kept: list[Listed] = []
        by_key: dict[str, Listed] = {}
        by_file: dict[Path, Listed] = {}
        for listed in self.one_record_a_file(images)[0]:
            first = by_key.get(listed.key) or by_file.get(listed.image)
            if first is None:
                by_key[listed.key] = by_file[listed.image] = listed
                kept.append(listed)
                continue
            detail = "listed twice" if first.image == listed.image else f"shares its annotations with {first.name}"
            self.report.add(clean.DUPLICATE_IMAGE, listed.name, f"{detail}: left out")
        return kept


def unknown_split(source: Source, split: str) -> DataError:
    """Return the error for a split the data do not have."""
    known, near = known_splits(source), nearest(split, source.split_names)
    return DataError(
        f"no part '{split}'",
        where=source.root,
        expected=f"one of {known}" if known else "no part name: the data have no splits",
        fix=f"Did you mean '{near}'?" if near else "Correct 'train' or 'evaluate' in the suite.",
    )


def known_splits(source: Source) -> str:
    """Return the names of the splits as errors list them; empty where the only split has no name."""
    names = [f"'{name}'" for name in source.split_names if name != UNNAMED]
    more = f" and {len(names) - _MOST_SPLITS_SHOWN} more" if len(names) > _MOST_SPLITS_SHOWN else ""
    return ", ".join(names[:_MOST_SPLITS_SHOWN]) + more
