"""COCO: an instances JSON and a folder of images.

Boxes are `[x, y, width, height]` in pixels from the image's upper left corner. Crowd flags and areas are the
annotations' own. Category ids may be sparse; classes are numbered in order of category id.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from forgetbench.data.clean import CLASS_BEYOND_NAMES, IMAGE_SIZE_MISMATCH, MISSING_IMAGE, UNREADABLE_LABEL, RawBox
from forgetbench.data.dataset import OddityReport
from forgetbench.data.instances import Instances, read_instances
from forgetbench.data.paths import is_file, plain_path
from forgetbench.data.source import UNNAMED, Annotations, Listed, Source, unknown_part
from forgetbench.errors import DataError, brief

_ROBOFLOW_FILE = "_annotations.coco.json"
_INSTANCES = "instances_"


class CocoSource(Source):
    """A dataset in COCO's form; see `read_coco`."""

    def __init__(
        self, root: Path, files: dict[str, Path], image_folder: Path | None, names: tuple[str, ...] | None
    ) -> None:
        super().__init__(root, names or (), OddityReport())
        self._files, self._image_folder = files, image_folder
        self._parts: dict[str, Instances] = {}
        if names is None:
            # Files of one dataset share their categories; a training set's may be hundreds of megabytes.
            smallest = min(files, key=lambda part: files[part].stat().st_size)
            categories = self._index(smallest).categories
            self.classes = tuple(dict.fromkeys(categories[key] for key in sorted(categories)))

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts, one JSON file each."""
        return tuple(self._files)

    def _list(self, part: str) -> list[Listed]:
        """List a part's images, sorted by file name."""
        if part not in self._files:
            raise unknown_part(self, part)
        folders = self._image_folders(part)
        listed = []
        for name in sorted(self._index(part).images):
            image = _find_image(name, folders)
            if image is None:
                self.report.add(MISSING_IMAGE, self.name_of(self._files[part]), f"no image {brief(name)}: left out")
            else:
                listed.append(Listed(image, self.name_of(image), f"{part}\0{name}"))
        return listed

    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return an image's annotations; one that cannot be read is dropped and reported."""
        part, name = listed.key.split("\0", 1)
        index = self._index(part)
        stated = (index.images[name].get("width"), index.images[name].get("height"))
        if None not in stated and stated != size:
            detail = (
                f"said to be {stated[0]} x {stated[1]} pixels, it has {size[0]} x {size[1]}: boxes taken as they are"
            )
            report.add(IMAGE_SIZE_MISMATCH, listed.name, detail)
        boxes = []
        for annotation in index.boxes.get(name, []):
            place = f"annotation {annotation.get('id')}"
            category = annotation.get("category_id")
            if not isinstance(category, int) or category not in index.categories:
                report.add(CLASS_BEYOND_NAMES, listed.name, f"{place}: no category {brief(category)}: dropped")
                continue
            try:
                boxes.append(_read_box(annotation, index.categories[category], place))
            except (TypeError, ValueError, OverflowError) as error:
                report.add(UNREADABLE_LABEL, listed.name, f"{place}: {error}: dropped")
        return Annotations(
            listed.name, boxes, absent="no usable annotation" if name in index.boxes else "no annotation"
        )

    def _index(self, part: str) -> Instances:
        if part not in self._parts:
            path = self._files[part]
            self._parts[part] = read_instances(path, self.name_of(path), self.report)
        return self._parts[part]

    def _image_folders(self, part: str) -> list[Path]:
        if self._image_folder is not None:
            return [self._image_folder]
        beside = self._files[part].parent
        return [self.root / part, self.root / "images" / part, self.root / "images", beside, self.root]


def read_coco(
    root: Path, annotations: str | None = None, images: str | None = None, names: tuple[str, ...] | None = None
) -> CocoSource:
    """Open a dataset in COCO's form.

    Args:
        root: The dataset's folder.
        annotations: The JSON file relative to it, which is then the data's only, unnamed part. Otherwise each
            `annotations/instances_<part>.json` or `<part>/_annotations.coco.json` is a part, else the only JSON file.
        images: The folder of images relative to `root`; by default the usual ones are tried.
        names: Class names in the order wanted; categories of other names are left out. By default all, by id.

    Raises:
        DataError: a file or folder is missing, or the JSON is not an instances file.
    """
    root = plain_path(root)
    files = _annotation_files(root, annotations)
    image_folder = None
    if images is not None:
        image_folder = plain_path(root / images)
        if not image_folder.is_dir():
            raise DataError(
                "no folder of images",
                where=image_folder,
                expected="the folder 'images' names",
                found="nothing" if not image_folder.exists() else "a file",
                fix="Put it there, or correct 'images'.",
            )
    return CocoSource(root, files, image_folder, names)


def _annotation_files(root: Path, annotations: str | None) -> dict[str, Path]:
    if annotations is not None:
        path = plain_path(root / annotations)
        if not path.is_file():
            raise DataError(
                "no annotations file",
                where=path,
                expected="the instances JSON 'annotations' names",
                found="nothing" if not path.exists() else "a folder",
                fix="Put it there, or correct 'annotations'.",
            )
        return {UNNAMED: path}
    instances = sorted((root / "annotations").glob(f"{_INSTANCES}*.json"))
    parts = {path.stem.removeprefix(_INSTANCES): path for path in instances}
    parts = parts or {path.parent.name: path for path in sorted(root.glob(f"*/{_ROBOFLOW_FILE}"))}
    if parts:
        return parts
    single = [*root.glob("*.json"), *(root / "annotations").glob("*.json")]
    if len(single) == 1:
        return {UNNAMED: single[0]}
    raise DataError(
        "no annotations file" if not single else "several JSON files, none of a known name",
        where=root,
        expected="annotations/instances_<part>.json",
        found=", ".join(sorted(path.name for path in single)) or "none",
        fix="Name the file with 'annotations' in the suite.",
    )


def _find_image(name: str, folders: list[Path]) -> Path | None:
    """Find an image by its file name, or without the folders of that name."""
    for tail in dict.fromkeys((name, Path(name).name)):
        for folder in folders:
            if is_file(folder / tail):
                return plain_path(folder / tail)
    return None


def _read_box(annotation: dict[str, Any], name: str, place: str) -> RawBox:
    given, outline = annotation.get("bbox"), annotation.get("segmentation")
    if given is None and isinstance(outline, list) and outline:
        points = [float(value) for polygon in outline for value in polygon]
        corners = (min(points[0::2]), min(points[1::2]), max(points[0::2]), max(points[1::2]))
    elif isinstance(given, list) and len(given) == 4:
        x, y, width, height = (float(value) for value in given)
        corners = (x, y, x + width, y + height)
    else:
        raise ValueError(f"bbox is {brief(given)}, expected [x, y, width, height]")
    area = float(annotation.get("area") or 0)
    if not all(math.isfinite(value) for value in (*corners, area)):
        raise ValueError("a number is not finite")
    crowd = bool(annotation.get("iscrowd", 0))
    return RawBox(name, corners, place, crowd=crowd, area=area if area > 0 else None, polygon=given is None)
