"""What other programs read from a dataset's files: Ultralytics (YOLO), pycocotools (COCO) and ElementTree (VOC).

Each function returns, for every image that a program has, the rows it reads, or None where it defines nothing. None of
the programs clips boxes to their image or leaves out those without area; forgetbench does both, and so do these
functions with what the programs read. What these define otherwise, or not at all:

- Ultralytics refuses a whole file for one bad line (a number out of range by more than 0.01, a class beyond the names,
  boxes mixed with polygons), and images of under ten pixels; both are then left out as if they were not there. Paths in
  a list are absolute or start with `./`. Labels are looked for only in `labels`, not also beside an image in `images`.
  A line that a file has twice counts once in both programs; distinct lines whose boxes are the same, or are so once
  clipped, count in Ultralytics alone and are not made here. Nor is what Ultralytics takes for polygons and forgetbench
  does not: lines with a confidence and an id, poses without `kpt_shape`.
- pycocotools keeps annotations that are given twice, which forgetbench keeps once; has no box where only an outline is
  given, which then reaches as far as its points; has annotations without a known category, of no class; does not look
  for image files.
- In VOC, one corner equal to the other is a box that nobody drew, not one pixel; objects given twice count once; those
  without a name are of no class; those without a box are none. A set counts from 1 or from 0: no file says which.
"""

from __future__ import annotations

import contextlib
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from PIL import Image, ImageOps
from pycocotools.coco import COCO
from support.generated import Box, Made, Part, Purpose, Row, Size
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset, img2label_paths, verify_image_label

#: Pixels; Ultralytics computes in single precision.
TOLERANCE = 1e-3

ByImage = dict[Path, list[Row] | None]


def ultralytics_rows(made: Made, purpose: Purpose) -> ByImage:
    """Return what Ultralytics trains on: its own search for images and labels, and its own check of every file."""
    quiet = mock.patch.multiple("ultralytics.data.utils", check_font=mock.DEFAULT)  # which would fetch a font
    with contextlib.chdir(made.root), quiet, mock.patch("ultralytics.data.base.check_file_speeds"):
        data: dict[str, Any] = {"names": dict(enumerate(made.names))}
        places: object = [str(part.place) for part in made.parts[purpose]]
        if made.described is not None:
            data = check_det_dataset(made.described, autodownload=False)
            places = data["train" if purpose == "train" else "val"]
        finder = YOLODataset.__new__(YOLODataset)
        finder.prefix, finder.fraction = "", 1.0
        images: list[str] = finder.get_img_files(places)
    points, numbers = data.get("kpt_shape", (0, 0))
    found: ByImage = {}
    for image, label in zip(images, img2label_paths(images), strict=True):
        checked = verify_image_label((image, label, "", False, len(data["names"]), points, numbers, False))
        found[Path(image)] = None if checked[0] is None else _scaled(checked[1], checked[2], data["names"])
    return found


def _scaled(labels: Any, shape: tuple[int, int], names: dict[int, str]) -> list[Row]:
    """Return Ultralytics' rows of class and xywh in shares of (height, width) as rows in pixels."""
    height, width = shape
    rows = []
    for label, x, y, w, h in labels.tolist():
        box = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        rows.append(Row(names[int(label)], box))
    return cleaned(rows, (width, height))


def pycocotools_rows(made: Made, purpose: Purpose) -> ByImage:
    """Return what pycocotools has of every image of a part's JSON files."""
    found: ByImage = {}
    for part in made.parts[purpose]:
        with contextlib.redirect_stdout(io.StringIO()):
            api = COCO(str(part.place))
        for key in api.getImgIds():
            (image,) = api.loadImgs([key])
            path = part.images / image["file_name"]
            annotations = api.loadAnns(api.getAnnIds(imgIds=[key]))
            known = [annotation for annotation in annotations if annotation["category_id"] in api.cats]
            rows = cleaned([_coco_row(annotation, api.cats) for annotation in known], _shown_size(path))
            found[path] = _once(rows)
    return found


def _coco_row(annotation: dict[str, Any], categories: dict[int, dict[str, Any]]) -> Row:
    if annotation.get("bbox") is None:
        xs = [x for outline in annotation["segmentation"] for x in outline[0::2]]
        ys = [y for outline in annotation["segmentation"] for y in outline[1::2]]
        box = (min(xs), min(ys), max(xs), max(ys))
    else:
        x, y, width, height = annotation["bbox"]
        box = (x, y, x + width, y + height)
    crowd, area = annotation.get("iscrowd", 0) == 1, annotation.get("area") or None
    return Row(categories[annotation["category_id"]]["name"], box, crowd, area)


def element_tree_rows(made: Made, purpose: Purpose) -> ByImage:
    """Return the objects of the XML files that a part's lists name, or of all that are there."""
    found: ByImage = {}
    for part in made.parts[purpose]:
        for stem in _stems(part.place):
            tree = ET.parse(part.images.parent / "Annotations" / f"{stem}.xml").getroot()
            path = _image_of(part, stem, tree)
            drops = made.section.get("difficult") == "drop"
            rows = [row for element in tree.iter("object") if (row := _voc_row(element, made.counts_from, drops))]
            found[path] = _once(cleaned(rows, _shown_size(path)))
    return found


def _stems(place: Path) -> list[str]:
    """Return the stems that a list names, or those of all XML files in a folder."""
    if place.is_dir():
        return [path.stem for path in place.iterdir()]
    return [line.strip() for line in place.read_text(encoding="utf-8-sig").splitlines() if line.strip()]


def _image_of(part: Part, stem: str, tree: ET.Element) -> Path:
    named = part.images / (tree.findtext("filename") or "").strip()
    return named if named.is_file() else next(path for path in part.images.iterdir() if path.stem == stem)


def _voc_row(element: ET.Element, counts_from: int, drops_difficult: bool) -> Row | None:
    name, box = element.find("name"), element.find("bndbox")
    if name is None or not (name.text or "").strip() or box is None:
        return None
    if drops_difficult and (element.findtext("difficult") or "").strip() == "1":
        return None
    xmin, ymin, xmax, ymax = (float(box.findtext(side) or "") for side in ("xmin", "ymin", "xmax", "ymax"))
    if xmin >= xmax or ymin >= ymax:
        return None
    return Row((name.text or "").strip(), (xmin - counts_from, ymin - counts_from, xmax, ymax))


def cleaned(rows: Iterable[Row], size: Size) -> list[Row]:
    """Return rows with boxes clipped to an image of this size, without those that then have no area."""
    width, height = size
    clipped = []
    for row in rows:
        x1, y1, x2, y2 = row.box
        box: Box = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
        clipped.append(row._replace(box=box))
    return with_area(clipped)


def with_area(rows: Iterable[Row]) -> list[Row]:
    """Return rows without those so thin that rounding decides whether they have an area."""
    return [row for row in rows if min(row.box[2] - row.box[0], row.box[3] - row.box[1]) > TOLERANCE]


def _once(rows: Sequence[Row]) -> list[Row]:
    return list(dict.fromkeys(rows))


def _shown_size(path: Path) -> Size:
    with Image.open(path) as image:
        width, height = ImageOps.exif_transpose(image).size
    return width, height
