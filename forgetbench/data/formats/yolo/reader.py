"""The YOLO layout: images, a label file for each, usually a data.yaml.

A label file has one line per object, numbers as shares of the image's width and height: `class cx cy w h` for a box,
`class x1 y1 x2 y2 x3 y3 …` for a polygon of three points or more, which becomes its bounding box. Where the data.yaml
has `kpt_shape`, keypoints may follow a box; they are left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from forgetbench.data.clean import LABEL_FORM, MISSING_IMAGE, NAME_WITHOUT_CLASS, NEAR_NAMES, UNREADABLE_LABEL
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.yolo.class_count import refuse_count_from_one
from forgetbench.data.formats.yolo.darknet import named_classes
from forgetbench.data.formats.yolo.data_yaml import find_yaml, keypoint_shape, load_yaml, yaml_names
from forgetbench.data.formats.yolo.label_files import LabelFiles, class_numbers, is_exact, label_lines, parse_line
from forgetbench.data.formats.yolo.label_form import LabelForm
from forgetbench.data.formats.yolo.lists import listed_images
from forgetbench.data.formats.yolo.places import Places, find_places
from forgetbench.data.reading.class_list import report_repeated
from forgetbench.data.reading.nearest import nearly_named
from forgetbench.data.reading.paths import plain_path, walk_images
from forgetbench.data.reading.source import Annotations, Listed, Source, unknown_split
from forgetbench.errors import DataError


@dataclass(frozen=True)
class LabelRules:
    """How the numbers of label files are to be taken.

    Attributes:
        keypoints: Number of keypoints that may follow a box, and the numbers of each; None for boxes and polygons.
        class_by_name: Class names by how an image's file name begins; empty where label files know the classes.
        classes_from: The number of the first class; None where it has to be 0 and that is checked.
    """

    keypoints: tuple[int, int] | None = None
    class_by_name: Mapping[str, str] | None = None
    classes_from: Literal[0, 1] | None = None


class YoloSource(Source):
    """A dataset in the YOLO layout; see `read_yolo`."""

    def __init__(
        self, root: Path, classes: tuple[str, ...], places: Places, report: OddityReport, rules: LabelRules
    ) -> None:
        super().__init__(root, classes, report)
        self._places, self._rules = places, rules
        self._class_by_name = rules.class_by_name or {}
        self._labels = LabelFiles()
        self._split_of: dict[str, str] = {}
        self._walked: set[Path] = set()

    @property
    def split_names(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(self._places)

    def list_images(self, split: str) -> list[Listed]:
        """List a split's images: those of its folders by name, those of its lists in the list's order."""
        if split not in self._places:
            raise unknown_split(self, split)
        found: list[Path] = []
        for place in self._places[split]:
            if place.is_file():
                found.extend(listed_images(place, self.root, self.report))
            else:
                found.extend(walk_images(place))
                if place not in self._walked:
                    self._walked.add(place)
                    self.report_unread(place)
        labels = [self._labels.of(image) for image in found]
        for label in labels:
            self._split_of.setdefault(str(label), split)
        for label in self._labels.without_image(zip(found, labels, strict=True)):
            self.report.add(MISSING_IMAGE, self.name_of(label), "label file without an image: left out")
        pairs = zip(found, labels, strict=True)
        return self._of_known_class([Listed(image, self.name_of(image), str(label)) for image, label in pairs])

    def conclude(self, images: Sequence[Listed]) -> None:
        """Find out what form label lines have and from where they count classes; tell of label files found nearly.

        Raises:
            DataError: they are pose labels without a `kpt_shape`, predictions, or count classes from 1.
        """
        nearly = [listed for listed in images if not is_exact(listed.image, Path(listed.key))]
        if nearly:
            detail = nearly_named(len(nearly), self.name_of(Path(nearly[0].key)))
            self.report.add(NEAR_NAMES, nearly[0].name, detail)
        form = LabelForm()
        splits: dict[str, Counter[int]] = defaultdict(Counter)
        for listed in images:
            for line in self._lines(listed.key):
                columns = line.split()
                if columns:
                    splits[self._split_of.get(listed.key, "")].update(class_numbers(columns[:1]))
                    form.add(columns)
        if self._rules.keypoints is None:
            self._require_form(form)
        elif form.longer:
            detail = f"{form.longer:,} of {form.lines:,} lines have keypoints, as kpt_shape says: left out"
            self.report.add(LABEL_FORM, self.root.name, detail)
        if self._rules.classes_from is None and not self._class_by_name:
            seen = {listed.key for listed in images}
            refuse_count_from_one(self.root, len(self.classes), splits, lambda: self._is_zero_elsewhere(seen))

    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return the boxes of an image's label file; lines that cannot be read are dropped and reported."""
        path = Path(listed.key)
        file = self.name_of(path)
        try:
            lines = label_lines(path)
        except FileNotFoundError:
            return Annotations(file, [], absent=f"no label file {file}")
        except (OSError, UnicodeDecodeError) as error:
            report.add(UNREADABLE_LABEL, file, f"cannot be read, image left out: {error}")
            return None
        boxes = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                boxes.append(parse_line(line, f"line {number}", size, self._rules.keypoints))
            except ValueError as error:
                report.add(UNREADABLE_LABEL, file, f"line {number}: {error}: dropped")
        if self._class_by_name:
            named = self._class_of(listed.image)
            boxes = [replace(box, label=named) for box in boxes]
        elif self._rules.classes_from:
            boxes = [replace(box, label=int(box.label) - self._rules.classes_from) for box in boxes]
        return Annotations(file, boxes, absent=f"no label in {file}")

    def _lines(self, label: str) -> list[str]:
        try:
            return label_lines(label)
        except (OSError, UnicodeDecodeError):  # told of where its boxes are read
            return []

    def _require_form(self, form: LabelForm) -> None:
        if form.has_scores:
            extra = "confidence and track" if form.length == 7 else "confidence or track"
            raise DataError(
                "looks like predictions, not labels",
                where=self.root,
                expected="label lines of 5 columns (class cx cy w h)",
                found=f"{form.longer} lines of {form.length} columns (class cx cy w h {extra}), as written by a "
                "prediction or tracker with save_txt and save_conf",
                fix="If they are to be trained on, keep the first five columns of each line, without save_conf.",
            )
        if form.keypoints is not None:
            count, numbers = form.keypoints
            raise DataError(
                "looks like pose labels",
                where=self.root,
                expected="boxes, or polygons whose points go round an object",
                found=f"{form.lines} lines of {form.length} columns, a box and {count} keypoints of {numbers} numbers",
                fix=f"If they are, add kpt_shape: [{count}, {numbers}] to the data.yaml (write one if there is none): "
                "boxes are then read, keypoints left out.",
            )

    def _is_zero_elsewhere(self, seen: set[str]) -> bool:
        """Tell whether label files of the splits that are not used have a class 0."""
        others = YoloSource(self.root, self.classes, self._places, OddityReport(), self._rules)
        labels = (
            listed.key for split in self._places for listed in others.list_images(split) if listed.key not in seen
        )
        lines = (line.split() for label in labels for line in self._lines(label))
        return any(0 in class_numbers(columns[:1]) for columns in lines)

    def _class_of(self, image: Path) -> str:
        """Return the class an image's name stands for; of keys that begin each other the longest counts."""
        keys = (key for key in self._class_by_name if image.name.startswith(key))
        return self._class_by_name.get(max(keys, key=len, default=""), "")

    def _of_known_class(self, images: list[Listed]) -> list[Listed]:
        """Leave out and report images whose names stand for no class, where names tell it."""
        if not self._class_by_name:
            return images
        kept = []
        for listed in images:
            if self._class_of(listed.image):
                kept.append(listed)
            else:
                known = ", ".join(self._class_by_name)
                self.report.add(NAME_WITHOUT_CLASS, listed.name, f"begins with none of {known}: left out")
        return kept


def read_yolo(
    path: Path,
    names: tuple[str, ...] | None = None,
    *,
    fallback_names: tuple[str, ...] | None = None,
    wanted: Sequence[str] = (),
    class_by_name: Mapping[str, str] | None = None,
    classes_from: Literal[0, 1] | None = None,
) -> YoloSource:
    """Open a dataset in the YOLO layout, with or without a data.yaml.

    Args:
        path: The dataset's folder, or its data.yaml.
        names: Class names, taken before those of the data.
        fallback_names: Class names for data that name none.
        wanted: Names of splits to look for beside the usual ones.
        class_by_name: Class names by how an image's file name begins. They are then the classes, and every box of an
            image is of its name's class, whatever number its label file gives.
        classes_from: The number of the first class; None for 0, which is then checked.

    Raises:
        DataError: no images or no class names are found, or the data.yaml cannot be read.
    """
    report = OddityReport()
    path = plain_path(path)
    if path.is_file() and path.suffix.lower() not in (".yaml", ".yml"):
        raise DataError(
            "not a folder",
            where=path,
            expected="a folder of yolo data, or its data.yaml",
            found="a file",
            fix="Correct 'path'; an archive has to be unpacked first.",
        )
    root, described = (path.parent, path) if path.is_file() else (path, find_yaml(path))
    description = load_yaml(described) if described else {}
    places = find_places(root, described, description, wanted, report)
    by_name = tuple(dict.fromkeys((class_by_name or {}).values()))
    classes = names or by_name or yaml_names(described, description) or named_classes(root, tuple(places))
    classes = classes or fallback_names
    if not classes:
        raise DataError(
            "the class names are unknown",
            where=root,
            expected="'names' in a data.yaml or in the suite, or a classes.txt or obj.names",
            fix="Add 'names: [...]' (or 'names: coco') to this data in the suite.",
        )
    report_repeated(classes, described.name if described else root.name, report)
    rules = LabelRules(keypoint_shape(described, description), class_by_name, classes_from)
    return YoloSource(root, classes, places, report, rules)
