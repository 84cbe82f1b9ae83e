"""Data against their card: differences are oddities, and other data altogether an error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.layouts import write_yolo
from support.served import Served, card, write_card

from forgetbench.data.card_comparison import compare
from forgetbench.data.cards.card import load_card
from forgetbench.data.cards.missing import Missing, missing_data
from forgetbench.data.dataset import Oddity, OddityReport
from forgetbench.data.inspect import inspect
from forgetbench.data.load import load_data
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data

BOX = "0 0.5 0.5 0.2 0.4\n"


def differences(
    folder: Path, found: Sequence[str] | None, images: dict[str, int], **changes: Any
) -> list[tuple[str, str, str]]:
    report = OddityReport()
    stated = {"images": {"train": 3, "val": None}, **changes}
    compare(load_card(write_card(folder, card(**stated))).card, found, images, report)
    return [(oddity.kind, oddity.file, oddity.detail) for oddity in report.found]


def test_what_agrees_or_is_not_stated_is_no_difference(tmp_path: Path) -> None:
    assert differences(tmp_path, ("apple", "pear"), {"train": 3, "val": 8, "test": 1}) == []
    assert differences(tmp_path, None, {}) == []
    assert differences(tmp_path, ("x",), {}, classes=None) == []


def test_other_counts_and_classes_are_reported(tmp_path: Path) -> None:
    assert differences(tmp_path, ("pear", "apple"), {"train": 2}) == [
        ("differs-from-card", "fruit", "classes: expected 2 (apple, pear), found 2 (pear, apple)"),
        ("differs-from-card", "fruit", "images of part 'train': expected 3, found 2"),
    ]
    (more,) = differences(tmp_path, [f"{index}" for index in range(30)], {}, classes=["0"])
    assert more[2].endswith("found 30 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …)")


def test_no_common_class_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"other data than their card's: no class agrees; expected 2 \(apple, pear\)"):
        differences(tmp_path, ("cat", "dog"), {})


@pytest.fixture
def fruit(served: Served, tmp_path: Path) -> Path:
    """Four images to train on and two to evaluate on, and a card that counts three and two."""
    for part, count in (("train", 4), ("val", 2)):
        files = {f"{part}{index}.png": BOX for index in range(count)}
        write_yolo(tmp_path / "fruit", files, f"images/{part}", f"labels/{part}")
    write_card(tmp_path, card(images={"train": 3, "val": 2}))
    return tmp_path


def found(folder: Path, **section: Any) -> list[str]:
    loaded = load_data(Data(card="fruit", **section), role="target", suite_folder=folder)
    return [oddity.detail for oddity in loaded.report.found if oddity.kind == "differs-from-card"]


def test_loading_compares(fruit: Path) -> None:
    assert found(fruit) == ["images of part 'train': expected 3, found 4"]
    assert found(fruit, train="val", limit=1) == []
    assert found(fruit, split={"seed": 0}) == ["images of part 'all': expected 5, found 6"]
    assert found(fruit, names=["cat"])[1:] == []
    write_card(fruit, card(data={"format": "yolo", "path": "fruit", "names": ["apple"]}))
    assert found(fruit) == ["classes: expected 2 (apple, pear), found 1 (apple)"]


def test_data_are_named_by_their_card(fruit: Path) -> None:
    (fruit / "fruit").rename(fruit / "elsewhere")
    loaded = load_data(Data(card="fruit", path="elsewhere"), role="target", suite_folder=fruit)
    assert loaded.train is not None
    assert loaded.train.origin == loaded.evaluate.origin
    assert loaded.evaluate.origin is not None
    assert (loaded.train.name, loaded.evaluate.name, loaded.evaluate.origin.licence) == ("fruit", "fruit", "CC0")


def test_inspect_reads_every_part_the_card_counts(fruit: Path) -> None:
    write_yolo(fruit / "fruit", {"t.png": BOX, "u.png": None}, "images/test", "labels/test")
    card_file = write_card(fruit, card(images={"train": 3, "val": 2, "test": None}))
    seen = inspect(load_card(card_file), fruit)
    assert seen.root == fruit / "fruit"
    assert [(part.split, len(part.samples), part.instances) for part in seen.splits] == [
        ("train", 4, 4), ("val", 2, 2), ("test", 2, 1),
    ]  # fmt: skip
    assert seen.report.found == [
        Oddity("image-without-label", "images/test/u.png", "no label file labels/test/u.txt: kept as background"),
        Oddity("differs-from-card", "fruit", "images of part 'train': expected 3, found 4"),
    ]


@pytest.mark.parametrize("images", [{"all": 6}, {"all": 7}, {}])
def test_inspect_reads_both_sides_of_a_split(fruit: Path, images: dict[str, int]) -> None:
    read = {"format": "yolo", "path": "fruit", "names": ["apple", "pear"], "split": {"seed": 0, "evaluate": 0.5}}
    seen = inspect(load_card(write_card(fruit, card(data=read, images=images))), fruit)
    assert [(part.split, len(part.samples)) for part in seen.splits] == [("train", 3), ("evaluate", 3)]
    wrong = ["images of part 'all': expected 7, found 6"] if images.get("all") == 7 else []
    assert [oddity.detail for oddity in seen.report.found if oddity.kind == "differs-from-card"] == wrong


def test_a_part_that_suites_use_has_to_be_there(fruit: Path) -> None:
    read = {"format": "yolo", "path": "fruit", "names": ["apple", "pear"]}
    counted = {"train": 4, "extra": 1}
    with pytest.raises(DataError, match="no part 'extra'"):
        inspect(load_card(write_card(fruit, card(images=counted))), fruit)
    used = {"train": "train", "evaluate": "val"}
    seen = inspect(load_card(write_card(fruit, card(images=counted, data={**read, **used}))), fruit)
    assert [part.split for part in seen.splits] == ["train"]
    assert [oddity.detail for oddity in seen.report.found] == ["part 'extra' cannot be read: no part 'extra'"]


def test_missing_data(fruit: Path) -> None:
    def missing(**section: Any) -> Missing | None:
        return missing_data(Data(**section), fruit)

    assert missing(card="fruit") is None
    assert missing(format="shapes", world="fine") is None
    assert missing(format="voc", path="fruit") is None
    for undescribed in ({"format": "voc", "path": "absent"}, {"card": "fruit", "path": "absent"}):
        with pytest.raises(DataError, match="absent: data not found; found nothing at"):
            missing(**undescribed)
    by_hand = missing(card="insplad")
    assert by_hand is not None
    assert (by_hand.name, by_hand.fetchable) == ("insplad", False)
    assert "InsPLAD_Dataset.zip" in by_hand.instruction
    fetchable = missing(card="deepfruits")
    assert fetchable is not None
    assert (fetchable.name, fetchable.fetchable) == ("deepfruits", True)
    assert fetchable.instruction.startswith("Run 'forgetbench data fetch deepfruits'; or by hand: Download https://")
    with pytest.raises(DataError, match="no such card"):
        missing(card="absent")


@pytest.mark.assets
@pytest.mark.parametrize("name", ["bccd", "fruit9", "coco-val128"])
def test_real_data_are_what_their_cards_say(assets: Path, name: str) -> None:
    from forgetbench.data.cards.card import find_card

    seen = inspect(find_card(name, None), None)
    assert seen.splits
    assert "differs-from-card" not in seen.report.counts()
