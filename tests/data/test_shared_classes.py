import pytest

from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.shared_classes import KINDS, SYNONYMS, shared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apple", "Apple"), ("apple", "apples"), ("Cherry", "cherries"), ("knife", "Knives"), ("bus", "buses"),
        ("potted plant", "pottedplant"), ("cell phone", "Cell-Phones"), ("wine_glass", "wine glasses"), ("skis", "ski"),
        ("tomato", "tomatoes"), ("яблоко", "ЯБЛОКО"),
    ],
)  # fmt: skip
def test_names_are_shared_whatever_case_space_and_number(one: str, other: str) -> None:
    assert shared(one, ["crate", other]) == ("name", [other])
    assert shared(other, [one]) == ("name", [one])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("person", "pedestrian"), ("person", "People"), ("person", "workers"), ("car", "vehicle"),
        ("car", "Automobile"), ("couch", "sofa"), ("airplane", "aeroplane"), ("tv", "tvmonitor"), ("bird", "duck"),
        ("duck", "animal"),
        ("banana", "food"), ("moped", "vehicles"),
    ],
)  # fmt: skip
def test_meanings_are_shared_by_synonyms_and_kinds_either_way(one: str, other: str) -> None:
    assert shared(one, ["crate", other]) == ("meaning", [other])
    assert shared(other, [one]) == ("meaning", [one])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("car", "bus"), ("bird", "nest"), ("hot dog", "dog"), ("teddy bear", "bear"), ("wine glass", "glass"),
        ("orange", "orangutan"), ("person", "face"), ("mouse", "keyboard"), ("Platelets", "plate"),
        ("-", "?"), ("", ""),
    ],
)  # fmt: skip
def test_neighbours_parts_and_look_alikes_share_nothing(one: str, other: str) -> None:
    assert shared(one, [other]) is None
    assert shared(other, [one]) is None


def test_a_shared_name_comes_before_shared_meanings() -> None:
    assert shared("car", ["vehicle", "cars", "sedan"]) == ("name", ["cars"])
    assert shared("car", ["vehicle", "sedan"]) == ("meaning", ["vehicle", "sedan"])


def test_no_two_coco_classes_share_anything() -> None:
    for name in COCO_NAMES:
        assert shared(name, [other for other in COCO_NAMES if other != name]) is None


def test_the_tables_name_a_thing_once() -> None:
    later = [word for synonyms in SYNONYMS for word in synonyms[1:]]
    assert len(set(later)) == len(later)
    used = {word for general, kinds in KINDS.items() for word in (general, *kinds)}
    assert not used & set(later)
