"""The texts of a new suite and card: whatever names are in them, they are read back as they were."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.factories import drawn_dataset
from support.owned import CLASSES

from forgetbench.data.cards.card import find_card, load_card
from forgetbench.data.dataset import OddityReport
from forgetbench.data.load import LoadedData
from forgetbench.plan.new_texts import Settings, card_text, suite_text
from forgetbench.suite.data_section import Data
from forgetbench.suite.load import load_suite

ODD_NAMES = [
    "yes", "No", "on", "null", "~", "true", "1", "-1", "0x1F", "0o17", "010", "1e5", "12E+3", "5.e3", ".5", "1_000",
    "1:30", "2024-01-01", ".inf", ".NaN", "a: b", "a:", ":a", "#x", "x #y", "x#y", "- a", "-", "--- a", "...", "?",
    "? a", "[x]", "{x: y}", "a, b", "a]b", "'q'", '"q"', "it's", "!!python/name:os", "!x", "*a", "&a", "%TAG", "@a",
    "`a`", "|", ">", "<<", "=", "\\n", "a\\", "é", "梨", "🍎", "e\u0301", "\u200bx", "\xa0x", "\u3000", "a\nb", "a\tb",
    "\x1b[31m", "\x85", "\u2028", "\ufeffx", "  both ", "two  blanks", "x" * 300, "word " * 60,
]  # fmt: skip


def dataset_of(classes: Sequence[str], folder: Path) -> LoadedData:
    """Return data that would be loaded, of any classes."""
    drawn = drawn_dataset(folder, count=2)
    changed = [type(drawn)(drawn.name, part, tuple(classes), drawn.samples, folder) for part in ("train", "val")]
    return LoadedData(changed[0], changed[1], OddityReport(), {"train": 2, "val": 2})


@pytest.mark.parametrize("section", [{"format": "voc"}, {"format": "yolo", "names": ODD_NAMES}])
def test_odd_class_names_come_back_from_the_card(tmp_path: Path, section: dict[str, Any]) -> None:
    spec = Data.model_validate({"path": "fruit", **section})
    path = tmp_path / "mine.card.yaml"
    path.write_text(card_text("mine", spec, dataset_of(ODD_NAMES, tmp_path)), encoding="utf-8")
    card = load_card(path).card
    assert card.class_names == tuple(ODD_NAMES)
    assert card.data == spec
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["classes"] == ODD_NAMES, "for any other reader as well"


def test_very_many_classes_are_lines_that_people_can_read(tmp_path: Path) -> None:
    names = [f"kind {index}, {'abc'[index % 3] * (index % 30)}" for index in range(2000)]
    path = tmp_path / "mine.card.yaml"
    path.write_text(card_text("mine", Data(format="yolo", path="x", names=names), dataset_of(names, tmp_path)))
    card = load_card(path).card
    assert (card.class_names, card.data.names) == (tuple(names), names)
    assert max(map(len, path.read_text().splitlines())) <= 120


@pytest.mark.parametrize("name", ["1", "yes", "null", "1e5", "0x1F", "1.5", "2024-01-01", "a" * 64, "A.b_c-d"])
def test_any_plain_name_names_a_suite(tmp_path: Path, name: str) -> None:
    data, spec = dataset_of(CLASSES, tmp_path), Data(format="voc", path="fruit")
    (tmp_path / f"{name}.card.yaml").write_text(card_text(name, spec, data))
    (tmp_path / f"{name}.yaml").write_text(suite_text(name, data, "m" * 99 + ".pt", "r" * 64, Settings(3, 16, 64)))
    suite, card = load_suite(tmp_path / f"{name}.yaml").suite, find_card(name, tmp_path).card
    assert (suite.name, suite.target, card.name, card.title) == (name, Data(card=name), name, name)
    assert (suite.models, suite.reference) == (["m" * 99 + ".pt"], Data(card="r" * 64))
