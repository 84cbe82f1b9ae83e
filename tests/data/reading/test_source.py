"""What every reader's data have in common, on data that lie nowhere but in a mapping."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.layouts import write_image

from forgetbench.data.clean import RawBox
from forgetbench.data.dataset import OddityReport
from forgetbench.data.reading.source import Annotations, Listed, Source, known_splits, unknown_split


class Given(Source):
    """Data with a box per image, whose corners are given by part and image; an image without any is not readable."""

    def __init__(self, root: Path, parts: Mapping[str, Mapping[str, tuple[float, float, float, float] | None]]) -> None:
        super().__init__(root, ("cat",), OddityReport())
        self._parts = parts

    @property
    def split_names(self) -> tuple[str, ...]:
        return tuple(self._parts)

    def list_images(self, split: str) -> list[Listed]:
        return [Listed(self.root / name, name, name) for name in self._parts[split]]

    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        corners = next(part[listed.key] for part in self._parts.values() if listed.key in part)
        return None if corners is None else Annotations("a.txt", [RawBox(0, corners, "line 1")])


def test_samples_are_images_with_their_boxes_inside_them(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_image(tmp_path / name)
    source = Given(tmp_path, {"train": {"a.png": (10, 5, 200, 45), "b.png": None}})
    (sample,) = source.samples("train")
    assert (sample.image, sample.width, sample.height) == (tmp_path / "a.png", 100, 50)
    assert sample.boxes.tolist() == [[10, 5, 100, 45]]


def test_an_image_of_two_parts_counts_once(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    source = Given(tmp_path, {"one": {"a.png": (0, 0, 9, 9)}, "two": {"a.png": (0, 0, 9, 9)}})
    assert [listed.name for listed in source.images_of(["one", "two"])] == ["a.png"]
    assert [oddity.detail for oddity in source.report.found] == ["listed twice: left out"]


def test_a_part_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    source = Given(tmp_path, {"train": {}, "val": {}})
    assert known_splits(source) == "'train', 'val'"
    error = unknown_split(source, "vall")
    assert "no part 'vall'" in str(error)
    assert "expected one of 'train', 'val'" in str(error)
    assert known_splits(Given(tmp_path, {"": {}})) == ""


@pytest.mark.parametrize("name", ["a.heic", "b.HEIC"])
def test_images_of_formats_that_are_not_read_are_told_of(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    source = Given(tmp_path, {"": {}})
    source.report_unread(tmp_path)
    (found,) = source.report.found
    assert found.detail == "1 image here is of a format that is not read: convert to JPEG or PNG"
