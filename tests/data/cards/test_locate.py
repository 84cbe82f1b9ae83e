"""Where data and weights are looked for, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgetbench.data.cards.card import find_card
from forgetbench.data.cards.download import how_to_get
from forgetbench.data.cards.locate import find_data, find_weights, look_for
from forgetbench.errors import DataError
from forgetbench.files import cache_folder

PLACES = ("suite", "here", "data", "assets")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Return the folders searched, in order; all exist and are empty."""
    folders = {name: tmp_path / name for name in PLACES}
    for folder in folders.values():
        folder.mkdir()
    monkeypatch.chdir(folders["here"])
    monkeypatch.setenv("FORGETBENCH_DATA", str(folders["data"]))
    monkeypatch.setenv("FORGETBENCH_ASSETS", str(folders["assets"]))
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    return {**folders, "cache": tmp_path / "cache" / "data"}


def test_data_order(places: dict[str, Path]) -> None:
    for name in reversed(places):
        (places[name] / "fruit").mkdir(parents=True)
        assert find_data("fruit", places["suite"]) == places[name] / "fruit"
    assert look_for("grape", places["suite"]) is None


def test_absolute_and_parent_paths(places: dict[str, Path]) -> None:
    (places["data"] / "fruit").mkdir()
    assert find_data(str(places["data"] / "fruit"), None) == places["data"] / "fruit"
    assert find_data("../data/fruit", places["suite"]) == places["data"] / "fruit"


def test_links_stay_as_named(places: dict[str, Path]) -> None:
    (places["data"] / "fruit").mkdir()
    (places["suite"] / "linked").symlink_to(places["data"] / "fruit")
    assert find_data("linked", places["suite"]) == places["suite"] / "linked"


def test_not_found_says_where_it_looked(places: dict[str, Path]) -> None:
    with pytest.raises(DataError) as caught:
        find_data("fruit", places["suite"])
    looked = [str(caught.value).index(f"{folder / 'fruit'}") for folder in places.values()]
    assert looked == sorted(looked)
    assert "run the same command again" in str(caught.value)
    with pytest.raises(DataError, match="nothing at /nowhere/fruit"):
        find_data("/nowhere/fruit", places["suite"])


def test_not_found_says_what_to_fetch(places: dict[str, Path]) -> None:
    with pytest.raises(DataError) as caught:
        find_data("coco", None, how_to_get(find_card("coco-val2017", None)))
    message = str(caught.value)
    assert "Run 'forgetbench data fetch coco-val2017'; or by hand: " in message
    assert "http://images.cocodataset.org/zips/val2017.zip (816 MB)" in message
    assert f"{places['data'] / 'coco'} holds val2017 and annotations/instances_val2017.json" in message
    assert "run the same command again" in message
    assert "\n" not in message


def test_weights_order(places: dict[str, Path]) -> None:
    assert find_weights("m.pt", places["suite"]) is None
    inside = [places[name] / "weights" for name in PLACES] + [cache_folder() / "weights"]
    for folder in reversed([*(places[name] for name in PLACES), *inside]):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "m.pt").write_bytes(b"")
        assert find_weights("m.pt", places["suite"]) == folder / "m.pt"
    assert find_weights(str(places["data"] / "m.pt"), None) == places["data"] / "m.pt"


def test_a_folder_is_found_where_no_weights_are(places: dict[str, Path]) -> None:
    (places["here"] / "m.pt").mkdir()
    assert find_weights("m.pt", None) == places["here"] / "m.pt"
    (places["data"] / "weights").mkdir(parents=True)
    (places["data"] / "weights" / "m.pt").touch()
    assert find_weights("m.pt", None) == places["data"] / "weights" / "m.pt"
