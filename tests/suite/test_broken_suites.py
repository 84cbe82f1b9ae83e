"""Suites and cards of any content: taken, or refused in lines that can be printed, and never anything else."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from forgetbench.data.cards.card import load_card
from forgetbench.errors import SuiteError
from forgetbench.suite.explain import MOST_PROBLEMS
from forgetbench.suite.load import load_suite, suite_from_mapping

ROOT = Path(__file__).parents[2]
SUITES = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "suites").glob("*.yaml"))]
CARDS = [
    yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "forgetbench" / "data" / "cards").glob("*.yaml"))
]
VALUES: list[Any] = [
    "\ud800", "a\udfffb", "\0", "", None, True, -1, 0, 10**18 - 1, 10**30, 1.5, float("nan"), float("inf"), [], {},
    [[[[]]]], {"a": {"b": [1]}}, "x" * 5000, "first-" + "9" * 6000, "../..", "~nobody/x", "\u202e", "\n\n",
    "http://[", "http://a:b:c", ["a"] * 3000, {str(index): index for index in range(300)},
]  # fmt: skip
KEYS = ["\ud800", "", "\0", "extends", "name", "a.b", "x" * 300, "data", "0", "-1", "model_config"]


def paths(content: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, below in items:
        yield from paths(below, (*at, key))


def mutated(content: Any, random: Random) -> Any:
    made = copy.deepcopy(content)
    for _ in range(random.choice([1, 1, 2, 4])):
        *above, last = random.choice(list(paths(made)))
        at = made
        for key in above:
            at = at[key]
        value = copy.deepcopy(random.choice(VALUES))
        if isinstance(at, dict) and random.random() < 0.5:
            at[random.choice(KEYS)] = random.choice([value, at.pop(last)])
        else:
            at[last] = value
    return made


@pytest.mark.parametrize("seed", range(150))
def test_a_mutated_suite_or_card_is_refused_in_lines_that_print(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    suite, card = mutated(random.choice(SUITES), random), mutated(random.choice(CARDS), random)
    (tmp_path / "s.yaml").write_text(json.dumps(suite), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(json.dumps({**card, "name": "c"}), encoding="utf-8")
    for load in (
        lambda: load_suite(tmp_path / "s.yaml"),
        lambda: suite_from_mapping(suite),
        lambda: load_card(tmp_path / "c.yaml"),
    ):
        try:
            load()
        except SuiteError as error:
            text = str(error)
            assert all(line.isprintable() for line in text.split("\n"))
            assert len(text) < 20_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"name": "\ud800"}, r"s\.yaml: name: text holds half a character; found '\\ud800'"),
        ({"claims": [{"over": "a\udcff"}]}, r"claims\[0\]\.over: text holds half a character"),
        ({"target": {"names": ["a", "\udfff"]}}, r"target\.names\[1\]: text holds half a character"),
        ({"target": {"a\ud800": 1}}, r"target: text holds half a character; found 'a\\ud800'"),
        ({"extends": "\0"}, r"extends: text holds a zero byte; found '\\x00'"),
        ({"extends": "x" * 5000}, r"extends: no such suite file"),
    ],
)
def test_texts_that_cannot_be_written_are_named(content: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SuiteError, match=said):
        load_suite(tmp_path / "s.yaml")


@pytest.mark.parametrize("classes", [[""], ["a", ""], ["\ud800"], ["a\0"]])
def test_a_card_has_names_that_people_can_read(classes: list[str], tmp_path: Path) -> None:
    card = {"name": "c", "title": "t", "licence": "l", "data": {"format": "yolo", "path": "c"}, "by_hand": "ask"}
    (tmp_path / "c.yaml").write_text(json.dumps({**card, "classes": ["fine"]}), encoding="utf-8")
    load_card(tmp_path / "c.yaml")
    (tmp_path / "c.yaml").write_text(json.dumps({**card, "classes": classes}), encoding="utf-8")
    with pytest.raises(SuiteError, match=r"classes\["):
        load_card(tmp_path / "c.yaml")


def test_of_very_many_problems_the_first_are_named() -> None:
    with pytest.raises(SuiteError) as caught:
        suite_from_mapping({f"key{index}": 1 for index in range(5000)})
    first, *lines = str(caught.value).split("\n")
    assert len(lines) <= MOST_PROBLEMS
    assert first.endswith(" more")


def test_numbers_of_thousands_of_digits_are_named_by_their_size() -> None:
    with pytest.raises(SuiteError, match="found a number of 16610 bits"):
        suite_from_mapping({**SUITES[0], "evaluation": {"every": -(10**5000)}})
