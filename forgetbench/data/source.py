"""What every reader returns: a dataset's parts, listed and read only when asked for."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from forgetbench.data import clean
from forgetbench.data.clean import RawBox
from forgetbench.data.dataset import OddityReport, Sample, relative_name
from forgetbench.data.paths import plain_path
from forgetbench.errors import DataError, nearest

#: Name of the only part of data that have no splits.
UNNAMED = ""
#: An error names at most this many parts: Pascal VOC has a list for every class.
_MOST_PARTS_SHOWN = 8


@dataclass(frozen=True)
class Listed:
    """An image that a part lists.

    Attributes:
        image: The image file, links not resolved.
        name: What reports and orders call it: relative to the dataset, with forward slashes.
        key: What the reader finds its annotations by.
    """

    image: Path
    name: str
    key: str


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


class Source(ABC):
    """A dataset on disk.

    Attributes:
        root: The dataset's folder.
        classes: Class names.
        report: What was odd in the parts listed and read so far.
    """

    def __init__(self, root: Path, classes: tuple[str, ...], report: OddityReport) -> None:
        self.root, self.classes, self.report = plain_path(root), classes, report

    @property
    @abstractmethod
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts; the empty name alone where the data have no splits."""

    @abstractmethod
    def images(self, part: str) -> list[Listed]:
        """List a part's images without opening them; those missing or listed twice are left out and reported."""

    @abstractmethod
    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return what is said of an image of the given (width, height), or None if that cannot be read at all.

        Called from several threads at once.
        """

    def images_of(self, parts: Sequence[str]) -> list[Listed]:
        """List several parts' images one after the other; what an earlier part has is left out and reported."""
        if len(parts) == 1:
            return self.images(parts[0])
        return self.without_duplicates(listed for part in parts for listed in self.images(part))

    def read(self, images: Sequence[Listed]) -> tuple[Sample, ...]:
        """Open images and their annotations, in the order given; unusable ones are left out and reported."""
        with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as threads:
            # PIL warns of metadata nobody asks for; what matters here is reported.
            warnings.simplefilter("ignore")
            results = list(threads.map(self._read_one, images))
        found = [oddity for _, report, _ in results for oddity in report.found]
        # Polygons are odd only where others are boxes; a set of polygons alone is a plain segmentation set.
        if not any(plain for _, _, plain in results):
            found = [oddity for oddity in found if oddity.kind != clean.POLYGON_AMONG_BOXES]
        self.report.found.extend(found)
        return tuple(sample for sample, _, _ in results if sample is not None)

    def samples(self, part: str) -> tuple[Sample, ...]:
        """List and read one part."""
        return self.read(self.images(part))

    def _read_one(self, listed: Listed) -> tuple[Sample | None, OddityReport, bool]:
        """Return one image's sample, its oddities, and whether any annotation is a plain box."""
        report = OddityReport()
        try:
            size = clean.measure_image(listed.image)
        except FileNotFoundError:
            report.add(clean.MISSING_IMAGE, listed.name, "listed, but there is no such file: left out")
            return None, report, False
        except clean.CorruptImageError as error:
            report.add(clean.CORRUPT_IMAGE, listed.name, f"left out: {error}")
            return None, report, False
        said = self.annotations(listed, size, report)
        if said is None:
            return None, report, False
        sample = clean.clean_sample(listed.image, size, said.boxes, self.classes, report, file=said.file)
        if not len(sample.boxes):
            reason = f"none of {len(said.boxes)} labels is usable" if said.boxes else said.absent
            report.add(clean.IMAGE_WITHOUT_LABEL, listed.name, f"{reason}: kept as background")
        return sample, report, any(not box.polygon for box in said.boxes)

    def name_of(self, path: Path) -> str:
        """Return a file's name relative to the dataset."""
        return relative_name(path, self.root)

    def without_duplicates(self, images: Iterable[Listed]) -> list[Listed]:
        """Return the first of each images that are one file or share annotations, and report the others."""
        kept: list[Listed] = []
        by_key: dict[str, Listed] = {}
        by_file: dict[Path, Listed] = {}
        for listed in images:
            first = by_key.get(listed.key) or by_file.get(listed.image)
            if first is None:
                by_key[listed.key] = by_file[listed.image] = listed
                kept.append(listed)
                continue
            detail = "listed twice" if first.image == listed.image else f"shares its annotations with {first.name}"
            self.report.add(clean.DUPLICATE_IMAGE, listed.name, f"{detail}: left out")
        return kept


def unknown_part(source: Source, part: str) -> DataError:
    """Return the error for a part the data do not have."""
    known, near = known_parts(source), nearest(part, source.part_names)
    return DataError(
        f"no part '{part}'",
        where=source.root,
        expected=f"one of {known}" if known else "no part name: the data have no splits",
        fix=f"Did you mean '{near}'?" if near else "Correct 'train' or 'evaluate' in the suite.",
    )


def known_parts(source: Source) -> str:
    """Return the names of the parts as errors list them; empty where the only part has no name."""
    names = [f"'{name}'" for name in source.part_names if name != UNNAMED]
    more = f" and {len(names) - _MOST_PARTS_SHOWN} more" if len(names) > _MOST_PARTS_SHOWN else ""
    return ", ".join(names[:_MOST_PARTS_SHOWN]) + more
