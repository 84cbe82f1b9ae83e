"""The one form every reader produces: images with boxes in original pixels, and what was odd about them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forgetbench.errors import printable
from forgetbench.files import sha256_json


@dataclass(frozen=True)
class Sample:
    """One image and its annotations.

    Attributes:
        image: Path of the image file, as the data names it (links are not resolved).
        width, height: Size of the decoded image in pixels, after EXIF rotation.
        boxes: (n, 4) float64, xyxy in pixels of the decoded image.
        classes: (n,) int64, indices into the dataset's `classes`.
        crowd: (n,) bool, regions that COCO marks as crowd.
        areas: (n,) float64, square pixels; the annotation's own area where it has one (COCO), else the box's.
        sha256: Hash of the file's content when the data were read, hex digits; `content.py` proves it is still that.
    """

    image: Path
    width: int
    height: int
    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    areas: NDArray[np.float64]
    sha256: str


@dataclass(frozen=True)
class Oddity:
    """Something unexpected in the data: what kind, in which file (relative to the data), and the particulars."""

    kind: str
    file: str
    detail: str


@dataclass
class OddityReport:
    """Collects oddities while data are read."""

    found: list[Oddity] = field(default_factory=list)

    def add(self, kind: str, file: object, detail: str) -> None:
        """Record one oddity; what would break a line of text in names from outside is written as an escape."""
        self.found.append(Oddity(kind, printable(str(file)), printable(detail)))

    def counts(self) -> dict[str, int]:
        """Return how many oddities of each kind were found, most frequent first."""
        return dict(Counter(oddity.kind for oddity in self.found).most_common())

    def reason(self) -> str:
        """Return why data lack what is needed, for the end of an error: counts, and the first of the most frequent."""
        counts = self.counts()
        if not counts:
            return ""
        first = next(oddity for oddity in self.found if oddity.kind == next(iter(counts)))
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        return f"; {kinds}; first {first.file}: {first.detail}"


@dataclass(frozen=True)
class Origin:
    """Where data came from, for data that came through a card.

    Attributes:
        card: The card's name.
        licence, source: As the card says.
        archives: SHA-256 of what is downloaded by address: the card's, else the pinned one, else None.
    """

    card: str
    licence: str
    source: str | None
    archives: dict[str, str | None]


@dataclass(frozen=True)
class Dataset:
    """One split of one dataset.

    Attributes:
        name: What the user calls it.
        split: Which split this is (`train`, `val`, …).
        classes: Class names; a sample's class index points here.
        samples: Images in evaluation order (sorted by file name unless the data's list says otherwise).
        root: Folder the image paths lie under.
        origin: The card's word on where they came from, if there is a card.
        subset_of: What the images are only a part of, in words; None if they are all.
        reader: The package that read them, with its version, where their format is another package's.
    """

    name: str
    split: str
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    root: Path
    origin: Origin | None = None
    subset_of: str | None = None
    reader: str | None = None

    @property
    def instances(self) -> int:
        """Number of annotated boxes, crowd regions included."""
        return sum(len(sample.boxes) for sample in self.samples)

    def fingerprint(self) -> str:
        """Return a SHA-256 over classes, image names, sizes, contents and annotations; not over where they lie."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return sha256_json(
            {
                "classes": self.classes,
                "samples": [
                    [
                        relative_name(sample.image, self.root),
                        sample.width,
                        sample.height,
                        sample.sha256,
                        sample.boxes.tolist(),
                        sample.classes.tolist(),
                        sample.crowd.tolist(),
                        sample.areas.tolist(),
                    ]
                    for sample in self.samples
                ],
            }
        )


def relative_name(image: Path, root: Path) -> str:
    """Return an image's name relative to its dataset, with forward slashes."""
    try:
        return image.relative_to(root).as_posix()
    except ValueError:
        return image.name
