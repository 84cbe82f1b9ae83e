"""Strategies of installed packages: found by name, refused by name, and no trouble to those who do not use them."""

from pathlib import Path

import pytest
from support import strategies
from support.factories import tiny_original
from support.packages import install

from forgetbench.errors import SuiteError
from forgetbench.model.parts import Parts
from forgetbench.train.strategies import known_strategies, make_strategies, package_of, strategies_schema
from forgetbench.train.strategies.base import Strategy

PARTS = Parts(tiny_original())
SOURCE = (Path(strategies.__file__).parent / "distil.py").read_text(encoding="utf-8")
OWN = {"only", "freeze", "unfreeze", "rates", "layerwise", "l2-sp"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_an_installed_strategy_is_known_described_and_made(folder: Path) -> None:
    install(folder, "fb-old-head", "1.2", {"old-head": "OldHead"}, SOURCE)
    assert set(known_strategies()) == {*OWN, "old-head"}
    described = strategies_schema()["properties"]["old-head"]
    assert (described["type"], described["exclusiveMinimum"]) == ("number", 0)
    (made,) = make_strategies({"old-head": 2.0}, PARTS, "here")
    assert isinstance(made, Strategy)
    assert (type(made).__module__, made.value, made.where) == ("fb_old_head", 2.0, "here.old-head")
    assert package_of("old-head") == "fb-old-head 1.2"
    assert package_of("only") is None
    with pytest.raises(SuiteError, match=r"here\.old-head: wrong options; expected a factor above 0, found -1"):
        make_strategies({"old-head": -1.0}, PARTS, "here")


def test_a_broken_package_is_named_where_it_is_used_and_ignored_elsewhere(folder: Path) -> None:
    install(folder, "fb-broken", "0.3", {"broken": "Broken"}, "import not_there_at_all")
    assert set(known_strategies()) == OWN
    assert strategies_schema()["properties"].keys() == OWN
    assert make_strategies({"only": ["class"]}, PARTS, "here")
    with pytest.raises(SuiteError, match=r"here\.broken: 'broken' of .* fb-broken 0\.3 cannot be used"):
        make_strategies({"broken": 1}, PARTS, "here")


@pytest.mark.parametrize("body", ["options = object()", "pass", "options = int"])
def test_options_that_nothing_can_check_are_refused(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"fb-options-{abs(hash(body))}"
    source = (
        f"from forgetbench.train.strategies.base import Strategy\nclass Odd(Strategy):\n    name = 'odd'\n    {body}\n"
    )
    install(folder, name, "1", {"odd": "Odd"}, source)
    assert set(known_strategies()) == OWN
    with pytest.raises(SuiteError, match=rf"{name} 1 cannot be used; expected a class with options"):
        make_strategies({"odd": 1}, PARTS, "here")


def test_clashing_names_are_refused_only_where_they_are_used(folder: Path) -> None:
    install(folder, "fb-first", "1", {"old-head": "OldHead"}, SOURCE)
    install(folder, "fb-second", "2", {"old-head": "OldHead", "only": "OldHead"}, SOURCE)
    assert set(known_strategies()) == OWN
    assert make_strategies({"freeze": ["class"]}, PARTS, "here")
    for name, found in (("old-head", "fb-first 1, fb-second 2"), ("only", "forgetbench, fb-second 2")):
        with pytest.raises(
            SuiteError, match=rf"several installed packages have a strategy called '{name}'; found {found}"
        ):
            make_strategies({name: ["class"]}, PARTS, "here")


def test_a_mistyped_name_is_compared_with_what_packages_offer(folder: Path) -> None:
    install(folder, "fb-near", "1", {"old-head": "OldHead"}, SOURCE)
    with pytest.raises(SuiteError, match=r"unknown strategy; expected one of .*old-head.*Did you mean 'old-head'"):
        make_strategies({"old-haed": 1.0}, PARTS, "here")
