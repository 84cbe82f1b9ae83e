"""Cards: what they may say, where they are found, and how a suite's section goes over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.served import card, write_card

from forgetbench.data.cards.card import LoadedCard, card_files, find_card, load_card, resolve
from forgetbench.errors import DataError, SuiteError
from forgetbench.suite.data_section import Data
from forgetbench.suite.load import load_suite

SHIPPED = {
    "bccd", "birds-nest", "coco-val128", "coco-val500", "coco-val2017", "deepfruits", "fruit9", "insplad", "substation",
    "valid", "voc", "wgisd",
}  # fmt: skip


def loaded(folder: Path, **changes: Any) -> LoadedCard:
    return load_card(write_card(folder, card(**changes)))


def test_the_promised_cards_come_along() -> None:
    assert card_files(None).keys() == SHIPPED


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_card(name: str) -> None:
    found = find_card(name, None)
    shipped = found.card
    assert (found.called, found.folder) == (name, None)
    assert not Path(shipped.path).is_absolute()
    assert all(archive.url.startswith("https://") or archive.sha256 for archive in shipped.archives)
    assert shipped.archives == [] or shipped.holds
    # An archive that is cut down to one folder must keep something inside it.
    for archive in shipped.archives:
        assert all(Path(kept).is_relative_to(archive.top or "") for kept in archive.keep)
    for named in filter(None, (shipped.data.train, shipped.data.evaluate)):
        assert set([named] if isinstance(named, str) else named) <= shipped.images.keys()


def test_shipped_suites_name_cards_that_come_along() -> None:
    named: list[str] = []
    for path in (Path(__file__).parents[3] / "suites").glob("*.yaml"):
        suite = load_suite(path).suite
        named += [section.card for section in (suite.target, suite.reference) if section.card]
    assert {"deepfruits", "coco-val2017"} <= set(named) <= SHIPPED


def test_coco_card_holds_no_training_set() -> None:
    archives = find_card("coco-val2017", None).card.archives
    assert [archive.file_name for archive in archives] == ["val2017.zip", "annotations_trainval2017.zip"]
    assert archives[1].keep == ["annotations/instances_val2017.json"]
    assert all(archive.sha256 and archive.size for archive in archives)


def test_subset_says_what_it_is_a_part_of() -> None:
    subset = find_card("coco-val128", None).card
    assert subset.subset_of == "the first 128 of the 5,000 images of COCO val2017, by file name"
    assert subset.image_count("all") == 128


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.org/b/c.zip?download=1", "c.zip"),
        ("https://a.org/records/1/files/c%20d.zip/content", "c%20d.zip"),
        ("https://a.org/12345", "12345"),
        ("https://a.org", "a.org"),
    ],
)
def test_name_of_an_archive(tmp_path: Path, url: str, name: str) -> None:
    assert loaded(tmp_path, archives=[{"url": url}], most_bytes=1).card.archives[0].file_name == name


def test_own_cards_go_before_shipped_ones(tmp_path: Path) -> None:
    assert find_card("bccd", tmp_path).folder is None
    (tmp_path / "cards").mkdir()
    inside = write_card(tmp_path / "cards", card("bccd"), "bccd").rename(tmp_path / "cards" / "bccd.yaml")
    found = find_card("bccd", tmp_path)
    assert (found.path, found.folder, found.called) == (inside, tmp_path, str(inside))
    beside = write_card(tmp_path, card("bccd"), "bccd")
    found = find_card("bccd", tmp_path)
    assert (found.path, found.folder) == (beside, tmp_path)
    write_card(tmp_path, card("mine"), "mine")
    assert card_files(tmp_path).keys() == SHIPPED | {"mine"}


def test_own_cards_are_looked_for_beside_the_suite_then_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    suites = tmp_path / "suites"
    suites.mkdir()
    here = write_card(tmp_path, card("mine"), "mine")
    assert find_card("mine", suites).path == here
    beside = write_card(suites, card("mine"), "mine")
    assert find_card("mine", suites).path == beside
    assert "mine" not in card_files(None)


def test_unknown_card_names_the_nearest() -> None:
    with pytest.raises(DataError, match=r"deepfruit: no such card; expected one of bccd,.*Did you mean 'deepfruits'\?"):
        find_card("deepfruit", None)


@pytest.mark.parametrize(
    ("images", "split", "count"),
    [
        ({"train": 3, "val": 4}, "train", 3),
        ({"train": 3, "val": 4}, "train+val", 7),
        ({"train": 3, "val": 4}, "all", 7),
        ({"train": 3, "val": 4}, "test", None),
        ({"train": 3, "val": 4}, "train+test", None),
        ({"train": 3, "val": None}, "all", None),
        ({"all": 9}, "all", 9),
        ({}, "all", None),
    ],
)
def test_image_count(tmp_path: Path, images: dict[str, int], split: str, count: int | None) -> None:
    assert loaded(tmp_path, images=images).card.image_count(split) == count


def test_class_names(tmp_path: Path) -> None:
    assert loaded(tmp_path).card.class_names == ("apple", "pear")
    assert loaded(tmp_path, classes=None).card.class_names is None
    names = loaded(tmp_path, classes="coco").card.class_names
    assert names is not None
    assert len(names) == 80


def resolved(folder: Path, data: dict[str, Any], **section: Any) -> Data:
    write_card(folder, card(data={"format": "yolo", "path": "fruit", **data}))
    spec, found = resolve(Data(card="fruit", **section), folder)
    assert found is not None
    return spec


def test_section_without_a_card_is_left_alone() -> None:
    spec = Data(format="yolo", path="x")
    assert resolve(spec, None) == (spec, None)


@pytest.mark.parametrize(
    ("data", "section", "expected"),
    [
        ({"train": "a", "evaluate": "b"}, {}, {"train": "a", "evaluate": "b"}),
        ({"train": "a", "evaluate": "b"}, {"limit": 3, "evaluate": "c"}, {"train": "a", "evaluate": "c", "limit": 3}),
        ({"names": ["p"]}, {"names": ["q"]}, {"names": ["q"]}),
        ({"names": ["p"]}, {"names": None}, {}),
        ({}, {"path": "elsewhere"}, {"path": "elsewhere"}),
        ({}, {"path": None, "format": None}, {}),
        ({"train": "a", "evaluate": "b"}, {"split": {"seed": 1}}, {"split": {"seed": 1}}),
        ({"split": {"seed": 1}}, {"train": "a", "evaluate": "b"}, {"train": "a", "evaluate": "b"}),
        ({"split": {"seed": 1}}, {"split": {"evaluate": 0.5}}, {"split": {"evaluate": 0.5}}),
    ],
)
def test_what_the_suite_says_goes_over_the_card(
    tmp_path: Path, data: dict[str, Any], section: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert resolved(tmp_path, data, **section) == Data.model_validate({"format": "yolo", "path": "fruit", **expected})


def test_keys_that_do_not_go_together_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="card 'fruit' with what the suite says beside it: 'world' belongs to format"):
        resolved(tmp_path, {}, world="fine")
