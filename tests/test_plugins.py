"""What installed packages offer: found without importing anything, refused by name."""

import sys
from pathlib import Path

import pytest
from support.packages import install

from forgetbench.errors import InputError
from forgetbench.plugins import installed_plugins

GROUP = "forgetbench.strategies"


class Base:
    """What classes have to derive from."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_nothing_is_imported_until_it_is_asked_for(folder: Path) -> None:
    install(folder, "fb-nothing-imported", "3.1", {"something": "Kind"}, "raise RuntimeError('too early')")
    (found,) = installed_plugins(GROUP)["something"]
    assert (found.name, found.distribution) == ("something", "fb-nothing-imported 3.1")
    assert "fb_nothing_imported" not in sys.modules
    with pytest.raises(InputError, match=r"fb-nothing-imported 3\.1 cannot be used.*RuntimeError: too early"):
        found.load(Base)


def test_what_was_on_another_path_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "there", "fb-there", "1", {"there": "Kind"}, "")
    assert "there" not in installed_plugins(GROUP)
    with monkeypatch.context() as patch:
        patch.syspath_prepend(tmp_path / "there")
        assert "there" in installed_plugins(GROUP)
    assert "there" not in installed_plugins(GROUP)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import not_there_at_all", r"importing fb_wrong:Kind failed.*No module named 'not_there_at_all'"),
        ("", r"importing fb_wrong:Kind failed.*AttributeError"),
        ("class Kind:\n    name = 'wrong'", r"fb_wrong:Kind is no subclass of .*Base"),
        ("Kind = 3", r"fb_wrong:Kind is no subclass of .*Base"),
        ("from support_base import Base\nclass Kind(Base):\n    name = 'other'", r"fb_wrong:Kind calls itself 'other'"),
    ],
)
def test_a_package_that_cannot_be_used_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    monkeypatch.setitem(sys.modules, "support_base", sys.modules[__name__])
    monkeypatch.delitem(sys.modules, "fb_wrong", raising=False)
    install(folder, "fb-wrong", "0.1", {"wrong": "Kind"}, source)
    (found,) = installed_plugins(GROUP)["wrong"]
    with pytest.raises(InputError, match=rf"'wrong' of the installed package fb-wrong 0\.1 cannot be used.*{said}"):
        found.load(Base)
    monkeypatch.delitem(sys.modules, "fb_wrong", raising=False)
