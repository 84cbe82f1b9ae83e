"""Formats that are not read: told by name, with what turns them into one that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from forgetbench.data.reading.paths import beginning, walk_images
from forgetbench.errors import DataError
from forgetbench.suite.formats import FORMATS, alternatives

#: Files that are looked at.
_MOST_FILES = 5
_COCO = (
    "'pip install datumaro' and 'datum convert -i {folder} -if {format} -f coco_instances -o converted -- --save-media'"
)
#: What each is called, all that its files hold, and what to do.
_FORMATS: tuple[tuple[str, tuple[bytes, ...], str], ...] = (
    (
        "Supervisely's JSON",
        (rb'"objects"', rb'"classTitle"', rb'"points"'),
        "Export it from Supervisely as COCO, YOLO or Pascal VOC",
    ),
    (
        "CreateML's JSON",
        (rb'"annotations?"', rb'"coordinates"', rb'"label"'),
        "Export it again as COCO, YOLO or Pascal VOC (Roboflow and RectLabel do)",
    ),
    (
        "VGG Image Annotator's JSON",
        (rb'"regions"', rb'"shape_attributes"'),
        "Export it from VIA with Annotation > Export Annotations (COCO format)",
    ),
    (
        "Label Studio's JSON",
        (rb'"from_name"', rb'"rectanglelabels"|"polygonlabels"'),
        "Export it from Label Studio as COCO, YOLO or Pascal VOC",
    ),
    (
        "Segment Anything's JSON, one file an image",
        (rb'"image"\s*:\s*{', rb'"annotations"', rb'"(bbox|segmentation)"'),
        "Run " + _COCO.format(folder="{folder}", format="segment_anything"),
    ),
    (
        "COCO-like JSON, one file an image",
        (rb'"bbox"', rb'"images?"|"annotations"|"category_id"'),
        "Merge the files into one instances JSON: 'images', 'annotations' and 'categories', with ids of their own",
    ),
    (
        "VoTT's JSON",
        (rb'"asset"', rb'"regions"', rb'"boundingBox"'),
        "Export it from VoTT as Pascal VOC",
    ),
    (
        "Datumaro's JSON",
        (rb'"items"', rb'"label_id"', rb'"categories"'),
        "Run " + _COCO.format(folder="{folder}", format="datumaro"),
    ),
    (
        "CVAT's own XML",
        (rb"<annotations[\s>]", rb"<(image|track)\s"),
        "Export it from CVAT as COCO 1.0, Pascal VOC 1.1 or Ultralytics YOLO, or run "
        + _COCO.format(folder="{folder}", format="cvat"),
    ),
)


def refuse_foreign(root: Path) -> None:
    """Refuse data of a known format that is not read.

    Raises:
        DataError: they are of such a format.
        OSError: a file or folder cannot be read.
    """
    images = {image.stem for image in walk_images(root)} if root.is_dir() else set()
    for path in _some_files(root):
        content = beginning(path)
        for name, signs, fix in _FORMATS:
            # One file of all images may be COCO's, at a place where it is not looked for.
            if ("one file an image" not in name or path.stem in images) and all(
                re.search(sign, content) for sign in signs
            ):
                raise DataError(
                    f"{name}, which is not read",
                    where=path,
                    expected=alternatives([form.called or kind for kind, form in FORMATS.items() if form.reader]),
                    fix=f"{fix.format(folder=root)}.",
                )


def _some_files(root: Path) -> Iterator[Path]:
    """Yield the first files that may hold annotations; the others are of the same kind."""
    if root.is_dir():
        for suffix in (".json", ".xml"):
            yield from islice(walk_images(root, {suffix}), _MOST_FILES)
