"""Reading everything that a card speaks of."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.layouts import write_yolo

from forgetbench.data.cards.card import LoadedCard, find_card
from forgetbench.data.inspect import inspect
from forgetbench.errors import DataError

BOX = "0 0.5 0.5 0.2 0.4\n"


@pytest.fixture
def fruit(tmp_path: Path) -> Path:
    for part, count in (("train", 2), ("val", 1)):
        files = {f"{part}{index}.png": BOX for index in range(count)}
        write_yolo(tmp_path / "fruit", files, f"images/{part}", f"labels/{part}")
    return tmp_path


def card(folder: Path, **changes: Any) -> LoadedCard:
    content = {
        "name": "fruit", "title": "Fruit", "licence": "none", "classes": ["fig"], "images": {"train": 2, "val": 1},
        "data": {"format": "yolo", "path": "fruit", "train": "train", "evaluate": "val", "names": ["fig"]},
        "by_hand": "Put it there.", **changes,
    }  # fmt: skip
    (folder / "fruit.card.yaml").write_text(yaml.safe_dump(content))
    return find_card("fruit", folder)


def test_all_parts_that_the_card_counts_are_read(fruit: Path) -> None:
    found = inspect(card(fruit), fruit)
    assert found.root == fruit / "fruit"
    assert [(split.split, len(split.samples)) for split in found.splits] == [("train", 2), ("val", 1)]
    assert found.report.found == []


def test_what_differs_is_reported_and_what_suites_need_has_to_be_there(fruit: Path) -> None:
    found = inspect(card(fruit, images={"train": 3, "val": 1, "extra": 1}), fruit)
    details = [oddity.detail for oddity in found.report.found]
    assert any("'extra' cannot be read" in detail for detail in details)
    assert any("3" in detail and "train" in detail for detail in details)
    data = {"format": "yolo", "path": "fruit", "train": "train", "evaluate": "test", "names": ["fig"]}
    with pytest.raises(DataError, match="no part 'test'"):
        inspect(card(fruit, data=data, images={"test": 1}), fruit)
