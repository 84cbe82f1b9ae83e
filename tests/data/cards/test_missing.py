from pathlib import Path
from typing import Any

import pytest
import yaml

from forgetbench.data.cards.missing import stated_classes
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.suite.data_section import Data


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ({"card": "bccd"}, ("Platelets", "RBC", "WBC")),
        ({"card": "coco-val2017"}, COCO_NAMES),
        ({"card": "birds-nest"}, None),
        ({"card": "birds-nest", "names": ["nest"]}, ("nest",)),
        ({"format": "yolo", "path": "nowhere"}, None),
        ({"format": "yolo", "path": "nowhere", "names": ["a", "b"]}, ("a", "b")),
        ({"format": "yolo", "path": "nowhere", "names": "coco"}, COCO_NAMES),
    ],
)
def test_classes_are_stated_by_card_or_section_or_not_at_all(
    section: dict[str, Any], names: tuple[str, ...] | None
) -> None:
    assert stated_classes(Data.model_validate(section), None) == names


def test_a_card_beside_the_suite_states_classes_too(tmp_path: Path) -> None:
    card = {
        "name": "mine", "title": "Mine", "licence": "mine", "data": {"format": "yolo", "path": "mine"},
        "classes": ["ripe", "rotten"], "by_hand": "ask me",
    }  # fmt: skip
    (tmp_path / "mine.card.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")
    assert stated_classes(Data(card="mine"), tmp_path) == ("ripe", "rotten")


def test_drawn_classes_are_known() -> None:
    drawn = [stated_classes(Data(format="shapes", world=world), None) for world in ("general", "fine")]
    assert [len(names or ()) for names in drawn] == [14, 6]
