"""What a shell offers where a suite or a card is due."""

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from forgetbench.cli.main import main


def offered(*arguments: str) -> list[tuple[str, str]]:
    """Return what completes the last argument, each with its kind."""
    *before, begun = arguments
    shell = ShellComplete(main, {}, "forgetbench", "_FORGETBENCH_COMPLETE")
    return [(item.value, item.type) for item in shell.get_completions(list(before), begun)]


def test_a_suite_is_a_file_here_or_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bc-mine.yaml").touch()
    (tmp_path / "bc-mine.txt").touch()
    assert offered("run", "bc") == [("bc-mine.yaml", "plain"), ("bccd", "plain"), ("bccd-optimizers", "plain")]
    assert offered("check", "/some/where") == [("/some/where", "file")]


def test_only_names_are_offered_where_only_names_will_do() -> None:
    assert offered("suites", "show", "bcc") == [("bccd", "plain"), ("bccd-optimizers", "plain")]
    assert offered("suites", "show", "/some/where") == []


def test_cards_are_offered_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coco-mine.card.yaml").touch()
    names = [name for name, _ in offered("data", "check", "coco-")]
    assert names == ["coco-mine", "coco-val128", "coco-val2017", "coco-val500"]
