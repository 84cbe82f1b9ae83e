"""Suites read and checked by what they say alone."""

from pathlib import Path

import pytest
from support.factories import tiny_suite, written_suite

from forgetbench.errors import DataError, SuiteError
from forgetbench.plan.reading import read_suite


def test_a_file_its_content_and_what_was_read_are_one_suite(tmp_path: Path) -> None:
    path = written_suite(tmp_path)
    loaded = read_suite(path, ["train.epochs=3"])
    assert loaded.suite.train.epochs == 3
    assert loaded.folder == tmp_path
    assert read_suite(tiny_suite(tmp_path), ["train.epochs=3"]).suite == loaded.suite
    assert read_suite(loaded) is loaded


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ({"onyl": ["class"]}, "arms[1].strategy.onyl: unknown strategy; expected one of freeze, l2-sp, .*'only'"),
        ({"l2-sp": "much"}, "arms[1].strategy.l2-sp: wrong options; expected a factor above 0, found 'much'"),
        ({"only": []}, "arms[1].strategy.only: wrong options; expected a list, each a module index"),
    ],
)
def test_strategies_are_checked_without_a_model(tmp_path: Path, strategy: dict[str, object], said: str) -> None:
    arms = [{"name": "good", "strategy": {"only": ["class"]}}, {"name": "bad", "strategy": strategy}]
    with pytest.raises(SuiteError, match=said.replace("[1]", r"\[1\]")):
        read_suite(tiny_suite(tmp_path, arms=arms))


@pytest.mark.parametrize("role", ["target", "reference"])
def test_cards_are_looked_for(tmp_path: Path, role: str) -> None:
    with pytest.raises(DataError, match=r"bcdd: no such card; .*Did you mean 'bccd'\?"):
        read_suite({**tiny_suite(tmp_path), role: {"card": "bcdd"}})
