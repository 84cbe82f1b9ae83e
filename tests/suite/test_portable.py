from pathlib import Path
from typing import Any

import pytest
from support.factories import tiny_suite

from forgetbench.suite.load import suite_from_mapping
from forgetbench.suite.portable import deciding, portable_path, portable_suite


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/home/x/data/fruit", "fruit"), ("~/fruit", "fruit"), ("~x/data/fruit/", "fruit"), ("C:\\a\\fruit", "fruit"),
        ("data/fruit", "data/fruit"), ("../fruit", "../fruit"), ("yolov8n.pt", "yolov8n.pt"),
    ],
)  # fmt: skip
def test_of_places_on_one_machine_the_last_name_stays(path: str, kept: str) -> None:
    assert portable_path(path) == kept


def suite(**changes: Any) -> dict[str, Any]:
    data = {"format": "coco", "path": "/data/fruit", "images": "/data/fruit/images", "annotations": "labels.json"}
    claim = {"name": "a", "says": "s", "source": "p", "quantity": "memory", "below": 1, "models": ["/w/yolov8n.pt"]}
    keys = {"model": "/w/yolov8n.pt", "target": data, "reference": {"card": "coco-val2017"}, "claims": [claim]}
    plain = {"name": "s", "freeze_points": [22], "train": {"epochs": 1, "optimizer": "SGD", "lr0": 0.01}}
    return {**plain, **keys, **changes}


def test_a_portable_suite_names_no_place_and_can_be_read_back() -> None:
    read = portable_suite(suite_from_mapping(suite()))
    assert read["models"] == ["yolov8n.pt"]
    assert read["claims"][0]["models"] == ["yolov8n.pt"]
    assert read["target"] == {"format": "coco", "path": "fruit", "images": "images", "annotations": "labels.json"}
    assert read["train"]["momentum"] == 0.937
    assert portable_suite(suite_from_mapping(read)) == read


def test_defaults_are_not_put_before_what_a_card_says() -> None:
    read = portable_suite(suite_from_mapping(suite()))
    assert read["reference"] == {"card": "coco-val2017"}


def test_where_data_and_weights_lie_decides_nothing_and_what_is_said_of_them_neither() -> None:
    here = deciding(portable_suite(suite_from_mapping(suite())))
    elsewhere = suite(model="weights/yolov8n.pt", description="words", claims=[])
    elsewhere["target"] = {**elsewhere["target"], "path": "other/apples"}
    assert deciding(portable_suite(suite_from_mapping(elsewhere))) == here
    assert deciding(portable_suite(suite_from_mapping(suite(keep=["car"])))) == here
    assert deciding(portable_suite(suite_from_mapping(suite(freeze_points=[10])))) != here


def test_classes_to_keep_are_there_where_the_suite_names_some() -> None:
    assert portable_suite(suite_from_mapping(suite(keep=["car", "bus"])))["keep"] == ["car", "bus"]
    assert "keep" not in portable_suite(suite_from_mapping(suite()))


def test_a_tiny_suite_in_any_folder_is_the_same_suite(tmp_path: Path) -> None:
    one, other = (portable_suite(suite_from_mapping(tiny_suite(tmp_path / name))) for name in ("a", "b"))
    assert one == other
