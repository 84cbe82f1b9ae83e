"""Which images are trained and evaluated on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from forgetbench.data.choose import Choice, choose, image_counts, limited, usual_split
from forgetbench.data.dataset import OddityReport
from forgetbench.data.reading.source import Annotations, Listed, Source
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data


class Parts(Source):
    """Data of which only the names of images are known, by part."""

    def __init__(self, parts: Mapping[str, Sequence[str]]) -> None:
        super().__init__(Path("/data"), ("cat",), OddityReport())
        self._parts = parts

    @property
    def split_names(self) -> tuple[str, ...]:
        return tuple(self._parts)

    def list_images(self, split: str) -> list[Listed]:
        return [Listed(self.root / name, name, name) for name in self._parts[split]]

    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        raise AssertionError("nothing is read")


def chosen(parts: Mapping[str, Sequence[str]], **section: Any) -> tuple[list[str] | None, list[str]]:
    spec = Data.model_validate({"format": "yolo", "path": "x", **section})
    train, evaluate = choose(spec, Parts(parts), required=True, needs_train=True)
    return None if train is None else [one.name for one in train.images], [one.name for one in evaluate.images]


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [(["test", "val"], ("val", "test"), ("val",)), (["Train2017"], ("train",), ("Train2017",)),
     (["training"], ("train",), ("training",)), (["trainer"], ("train",), ()),
     (["TRAIN", "train"], ("train",), ("train",))],
)  # fmt: skip
def test_usual_names(names: list[str], wanted: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert usual_split(Parts({name: [] for name in names}), wanted) == found


def test_named_parts_go_before_usual_ones() -> None:
    parts = {"train": ["a"], "val": ["b"], "x": ["c"], "y": ["d"]}
    assert chosen(parts) == (["a"], ["b"])
    assert chosen(parts, train=["x", "y"], evaluate="train") == (["c", "d"], ["a"])


def test_a_seeded_split_takes_all_images_once() -> None:
    train, evaluate = chosen({"a": list("abcdef"), "b": list("efghij")}, split={"seed": 0, "evaluate": 0.3})
    assert train is not None
    assert sorted(train + evaluate) == list("abcdefghij")
    assert len(evaluate) == 3
    with pytest.raises(DataError, match="'split' and named parts exclude each other"):
        chosen({"a": []}, split={"seed": 0, "evaluate": 0.3}, train="a")
    with pytest.raises(DataError, match="too few images to split; expected two or more, found 1"):
        chosen({"a": ["a"]}, split={"seed": 0, "evaluate": 0.3})


def test_parts_that_are_missing_are_named_with_what_helps() -> None:
    with pytest.raises(
        DataError, match=r"no part to evaluate on; .*found 'train'\. Add 'split: \{seed: 0, evaluate: 0\.2\}'"
    ):
        chosen({"train": ["a"]})
    with pytest.raises(DataError, match=r"no part to train on; expected a part named train, found 'val'"):
        chosen({"val": ["a"]})


def test_a_limit_takes_the_first_by_name() -> None:
    listed = [Listed(Path(name), name, name) for name in "cab"]
    spec = Data(format="yolo", path="x", limit=2)
    kept, subset_of = limited(spec, Choice("val", listed))
    assert ([one.name for one in kept.images], subset_of) == (["a", "b"], "the first 2 of 3 images, by file name")
    assert limited(spec, kept) == (kept, None)


def test_counts_of_a_seeded_split_are_those_of_both_sides() -> None:
    one = Choice("train", [Listed(Path("a"), "a", "a")])
    other = Choice("evaluate", [Listed(Path("b"), "b", "b"), Listed(Path("c"), "c", "c")])
    split = Data.model_validate({"format": "yolo", "path": "x", "split": {"seed": 0, "evaluate": 0.5}})
    assert image_counts(split, one, other) == {"all": 3}
    assert image_counts(split, None, other) == {}
    assert image_counts(Data(format="yolo", path="x"), one, other) == {"train": 1, "evaluate": 2}
