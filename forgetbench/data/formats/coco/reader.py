"""COCO: instances JSON files and folders of images.

Boxes are `[x, y, width, height]` in pixels from the image's upper left corner, in an image of the size that its record
states. Crowd flags and areas are the annotations' own. Category ids may be sparse; classes are matched by name and
numbered in order of category id, the training file's first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from forgetbench.data.clean import (
    CLASS_BEYOND_NAMES,
    DUPLICATE_IMAGE,
    MISSING_IMAGE,
    NEAR_NAMES,
    UNREAD_FORMAT,
    UNREADABLE_LABEL,
    WRONG_PATHS,
)
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.coco.boxes import reach_of, read_box
from forgetbench.data.formats.coco.classes import (
    Categories,
    common_parent,
    near_categories,
    read_categories,
    union_of,
)
from forgetbench.data.formats.coco.image_files import ImageFinder
from forgetbench.data.formats.coco.instances import Id, Instances, read_instances
from forgetbench.data.formats.coco.json_files import annotation_files
from forgetbench.data.formats.coco.scan import scan_categories
from forgetbench.data.formats.coco.splits import SplitFolders, split_word
from forgetbench.data.images.frames import stated_size
from forgetbench.data.reading.nearest import nearly_named, plain_id
from forgetbench.data.reading.paths import plain_path
from forgetbench.data.reading.source import Annotations, Described, Listed, Source, unknown_split
from forgetbench.errors import DataError, brief, counted


class CocoSource(Source):
    """A dataset in COCO's form; see `read_coco`."""

    def __init__(
        self,
        root: Path,
        files: dict[str, Path],
        image_folder: Path | None,
        names: tuple[str, ...] | None,
        training: Sequence[str] = (),
    ) -> None:
        super().__init__(root, names or (), OddityReport())
        self._files, self._image_folder = files, image_folder
        self._splits: dict[str, Instances] = {}
        self._categories: dict[str, Categories] = {}
        self._stand_for: dict[str, dict[Id, Id]] = {}
        self._first_in: dict[Path, tuple[str, str]] = {}
        if names is None:
            self.classes = self._all_classes(_training_first(files, training))

    @property
    def split_names(self) -> tuple[str, ...]:
        """Names of the splits, one JSON file each."""
        return tuple(self._files)

    def list_images(self, split: str) -> list[Listed]:
        """List a split's images, sorted by file name."""
        if split not in self._files:
            raise unknown_split(self, split)
        file, index = self._files[split], self._index(split)
        all_boxes = (annotation for boxes in index.boxes.values() for annotation in boxes)
        if split not in self._stand_for:
            self._stand_for[split] = near_categories(all_boxes, self._categories_of(split), self.report)
        others = [other for other in self._files if other != split]
        finder = ImageFinder(self.root, SplitFolders(self.root, file, split, others, self._image_folder))
        listed, unread, outside = [], [], []
        for name in sorted(index.images):
            found = finder.find(name)
            if found is None:
                self.report.add(MISSING_IMAGE, self.name_of(file), f"no image {brief(name)}: left out")
                continue
            if found.how == "unread":
                unread.append(found.image)
                continue
            key = f"{split}\0{name}"
            listed.append(Listed(found.image, self.name_of(found.image), key, name, near=found.how == "near"))
            if found.how == "outside":
                outside.append(found.image)
        if unread:
            few = counted(len(unread), "image listed is", "images listed are")
            detail = f"{few} of a format that is not read: convert to JPEG or PNG"
            self.report.add(UNREAD_FORMAT, self.name_of(unread[0]), detail)
        if outside:
            few = counted(len(outside), "image is", "images are")
            detail = f"{few} taken from outside the dataset, since nothing in it fits, the first {outside[0]}"
            self.report.add(WRONG_PATHS, self.name_of(file), detail)
        return self._compared_with_other_splits(split, listed)

    def conclude(self, images: Sequence[Listed]) -> None:
        """Report what images have names that only nearly match."""
        nearly = [listed for listed in images if listed.near]
        if nearly:
            self.report.add(NEAR_NAMES, nearly[0].name, nearly_named(len(nearly), nearly[0].given))

    def described(self, listed: Listed) -> Described:
        """Return the size that an image's record states, and how far its boxes reach."""
        split, name = listed.key.split("\0", 1)
        index = self._index(split)
        record = index.images[name]
        return Described(stated_size(record.get("width"), record.get("height")), reach_of(index.boxes.get(name, ())))

    def annotations(self, listed: Listed, _size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return an image's annotations; one that cannot be read is dropped and reported."""
        split, name = listed.key.split("\0", 1)
        index, names, stand_for = self._index(split), self._categories_of(split).names, self._stand_for[split]
        boxes = []
        for annotation in index.boxes.get(name, []):
            place = f"annotation {annotation.get('id')}"
            given = annotation.get("category_id")
            key = plain_id(given)
            category = None if key is None else names.get(stand_for.get(key, key))
            if category is None:
                report.add(CLASS_BEYOND_NAMES, listed.name, f"{place}: no category {brief(given)}: dropped")
                continue
            try:
                boxes.append(read_box(annotation, category, place))
            except (TypeError, ValueError, OverflowError) as error:
                report.add(UNREADABLE_LABEL, listed.name, f"{place}: {error}: dropped")
        return Annotations(
            listed.name, boxes, absent="no usable annotation" if name in index.boxes else "no annotation"
        )

    def _compared_with_other_splits(self, split: str, images: Sequence[Listed]) -> list[Listed]:
        """Return images, called as the split calls them that has them with the same annotations; report other ones."""
        kept, differing = [], []
        for listed in images:
            other, name = self._first_in.setdefault(listed.image, (split, listed.given))
            if other == split:
                kept.append(listed)
            elif self._said(other, name) == self._said(split, listed.given):
                kept.append(replace(listed, given=name))
            else:
                kept.append(listed)
                differing.append((listed, other))
        if differing:  # where splits are mixed, one of them counts
            first, other = differing[0]
            detail = f"images that have other annotations in {self.name_of(self._files[other])}: {len(differing)}"
            self.report.add(DUPLICATE_IMAGE, self.name_of(self._files[split]), f"{detail}, first {first.name}")
        return kept

    def _said(self, split: str, name: str) -> list[str]:
        """Return an image's classes and boxes in an order that does not depend on the file's."""
        names, boxes = self._categories_of(split).names, self._index(split).boxes.get(name, ())
        return sorted(f"{names.get(plain_id(a.get('category_id')) or 0)} {a.get('bbox')}" for a in boxes)

    def _index(self, split: str) -> Instances:
        if split not in self._splits:
            path = self._files[split]
            self._splits[split] = read_instances(path, self.name_of(path), self.report)
        return self._splits[split]

    def _categories_of(self, split: str) -> Categories:
        if split not in self._categories:
            path = self._files[split]
            listed = None if split in self._splits else scan_categories(path)
            listed = self._index(split).categories if listed is None else listed
            self._categories[split] = read_categories(listed, path, self.name_of(path), self.report)
        return self._categories[split]

    def _all_classes(self, splits: Sequence[str]) -> tuple[str, ...]:
        """Return the classes of all files; one that cannot be read stops nobody who does not use it."""
        broken: list[DataError] = []
        for split in splits:
            try:
                self._categories_of(split)
            except DataError as error:
                broken.append(error)
                self.report.add(UNREADABLE_LABEL, self.name_of(self._files[split]), f"classes unknown: {error.problem}")
        if not self._categories:
            raise broken[0]
        parent = common_parent(self._categories.values())
        left_out = parent if parent is not None and not self._is_used(parent) else None
        return union_of(self._categories.values(), self.report, left_out)

    def _is_used(self, name: str) -> bool:
        """Tell whether any annotation of any file is of a category; the files are parsed for it."""
        for split, categories in self._categories.items():
            ids = {key for key, known in categories.names.items() if known == name}
            annotations = (annotation for boxes in self._index(split).boxes.values() for annotation in boxes)
            if ids and any(plain_id(annotation.get("category_id")) in ids for annotation in annotations):
                return True
        return False


def read_coco(
    root: Path,
    annotations: str | None = None,
    images: str | None = None,
    names: tuple[str, ...] | None = None,
    training: Sequence[str] = (),
    evaluated: Sequence[str] = (),
) -> CocoSource:
    """Open a dataset in COCO's form.

    Args:
        root: The dataset's folder.
        annotations: The JSON file relative to it, which is then the data's only, unnamed split. Otherwise each
            `annotations/instances_<split>.json` or `<split>/_annotations.coco.json` is a split, else the only JSON file
            of instances, else each that is named after a split or lies in a folder that is.
        images: The folder of images relative to `root`; by default the usual ones are tried.
        names: Class names in the order wanted; categories of other names are left out. By default all, by id.
        training: Splits to train on, where they are not the usual ones: their classes come first.
        evaluated: Splits to evaluate on, where they are not the usual ones.

    Raises:
        DataError: a file or folder is missing, or no JSON is an instances file.
    """
    root = plain_path(root)
    files = annotation_files(root, annotations, (*training, *evaluated))
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
    return CocoSource(root, files, image_folder, names, training)


def _training_first(splits: Sequence[str] | Mapping[str, Path], training: Sequence[str]) -> list[str]:
    usual = [split for split in splits if (split_word(split) or split).casefold().startswith("train")]
    return list(dict.fromkeys([*(split for split in training if split in splits), *usual, *splits]))
