"""What other packages add is found by name, imported when used, and never trusted to be what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.installed import install

from forgetbench.errors import InputError
from forgetbench.plugins import installed_plugins, only_plugin

GROUP = "forgetbench.tries"


def test_named_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_plugins(GROUP) == {}
    entries = {"two": "addition:TWO", "one": "addition:ONE"}
    install(tmp_path, monkeypatch, "addition", "ONE, TWO = 1, 'two'", entries, group=GROUP, version="0.3")
    assert [*installed_plugins(GROUP)] == ["one", "two"]
    assert only_plugin(GROUP, "one").distribution == "addition-reader 0.3"
    assert "addition" not in sys.modules
    assert only_plugin(GROUP, "one").load_object(int) == 1
    assert "addition" in sys.modules


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("ONE = 'one'", "addition:ONE is no builtins.int"),
        ("TWO = 2", "AttributeError: "),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("ONE = 1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_broken_ones_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, found: str) -> None:
    install(tmp_path, monkeypatch, "addition", source, {"one": "addition:ONE"}, group=GROUP)
    with pytest.raises(InputError) as caught:
        only_plugin(GROUP, "one").load_object(int)
    text = str(caught.value)
    assert text.startswith("'one' of the installed package addition-reader 1.2 cannot be used; found ")
    assert found in text
    assert text.endswith("Correct or uninstall that package.")


def test_names_that_two_packages_or_none_offers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no installed package offers this"):
        only_plugin(GROUP, "one")
    for module in ("addition", "another"):
        install(tmp_path / module, monkeypatch, module, "ONE = 1", {"one": f"{module}:ONE"}, group=GROUP)
    with pytest.raises(InputError, match=r"found addition-reader 1\.2 and another-reader 1\.2\. Uninstall all"):
        only_plugin(GROUP, "one")


def test_a_package_that_lies_twice_on_the_path_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("1", "2"):  # Python looks into the second first
        entries = {"one": "addition:ONE"}
        install(tmp_path / folder, monkeypatch, "addition", f"ONE = {folder}", entries, group=GROUP, version=folder)
    assert only_plugin(GROUP, "one").distribution == "addition-reader 2"
    assert only_plugin(GROUP, "one").load_object(int) == 2
