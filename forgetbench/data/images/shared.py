"""Images that are both trained and evaluated on: then a score says nothing of images never seen.

Two images are the same where they are one file, where their bytes are equal, or where both are Roboflow's copies of one
source image, `name_jpg.rf.<hash>.jpg`, of which augmented versions may go to different splits.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from stat import S_ISREG

from forgetbench.data.clean import TRAINED_ON
from forgetbench.data.dataset import Dataset, OddityReport, Sample, relative_name

_ROBOFLOW = re.compile(r"(?P<source>.+)\.rf\.[0-9A-Za-z]{8,}")
_HOW = {"content": "the same content as", "source": "another copy of the same source image as"}


def report_shared(train: Dataset, evaluate: Dataset, report: OddityReport) -> int:
    """Report each image to evaluate on that is trained on as well; return how many there are."""
    found = shared_images(train.samples, evaluate.samples)
    for image, (other, how) in found.items():
        name, other_name = relative_name(image, evaluate.root), relative_name(other, train.root)
        detail = "trained on too" if how == "file" else f"{_HOW[how]} {other_name}, which is trained on"
        report.add(TRAINED_ON, name, detail)
    return len(found)


def shared_warning(name: str, images: int, oddities: Mapping[str, int]) -> str | None:
    """Return what has to be said of a dataset that is trained on and evaluated on, or None.

    Args:
        name: The dataset evaluated on.
        images: How many images are evaluated on.
        oddities: How many oddities of each kind it has.
    """
    count = oddities.get(TRAINED_ON, 0)
    if not count:
        return None
    verb = "is" if count == 1 else "are"
    return (
        f"{count} of the {images} images of {name} that are scored {verb} trained on too (the same file, content or "
        "source image): a score on images that a model has seen says little of others"
    )


def shared_images(train: Sequence[Sample], evaluate: Sequence[Sample]) -> dict[Path, tuple[Path, str]]:
    """Return the evaluation images that are also trained on: which image they equal and how.

    Returns:
        By evaluation image, a training image and `file`, `content` or `source`.
    """
    by_file = {_identity(sample.image): sample.image for sample in train}
    by_content = {sample.sha256: sample.image for sample in train}
    by_source = {source: s.image for s in train if (source := source_name(s.image.name)) is not None}
    found: dict[Path, tuple[Path, str]] = {}
    for sample in evaluate:
        for how, other in (
            ("file", by_file.get(_identity(sample.image))),
            ("content", by_content.get(sample.sha256)),
            ("source", by_source.get(source_name(sample.image.name) or "")),
        ):
            if other is not None:
                found[sample.image] = (other, how)
                break
    return found


def source_name(name: str) -> str | None:
    """Return what Roboflow calls the source of an exported image, from the image's file name; None for others."""
    found = _ROBOFLOW.fullmatch(Path(name).stem)
    return found["source"].casefold() if found else None


def alike(images: Iterable[Path]) -> dict[Path, Path]:
    """Return for each image the first of those that are the same as it, itself where it is the only one."""
    images = list(images)
    digests = _digests(images)
    firsts: dict[str, Path] = {}
    found: dict[Path, Path] = {}
    for image in images:
        keys = [f"content {digests[image]}"] if image in digests else []
        source = source_name(image.name)
        keys += [f"source {source}"] if source is not None else []
        first = next((firsts[key] for key in keys if key in firsts), image)
        for key in keys:
            firsts.setdefault(key, first)
        found[image] = first
    return found


def _identity(image: Path) -> tuple[int, int]:
    status = image.stat()
    return status.st_dev, status.st_ino


def _size(image: Path) -> int | None:
    try:
        status = image.stat()
        return status.st_size if S_ISREG(status.st_mode) else None
    except OSError:  # reported where it is opened
        return None


def _digests(images: Sequence[Path]) -> dict[Path, str]:
    """Return hashes of the images that could be equal to another: files of one size."""
    # here, since reports, which need `shared_warning`, open no image
    from forgetbench.data.images.known_images import hashes_of

    by_size: dict[int | None, set[Path]] = defaultdict(set)
    for image in images:
        by_size[_size(image)].add(image)
    groups = [group for size, group in by_size.items() if size is not None and len(group) > 1]
    return hashes_of(sorted(set().union(*groups)))
