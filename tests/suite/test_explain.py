"""What is said of a suite that is wrong: one line for each problem."""

from typing import Any

import pytest
from support.suites import mapping, problem

from forgetbench.errors import SuiteError
from forgetbench.suite.load import suite_from_mapping


def test_unknown_key_lists_the_known_and_the_nearest_once() -> None:
    text = problem(train__epoch=3, train__epochs=...)
    assert text.startswith("here: train.epoch: unknown key; expected one of epochs, optimizer, lr0,")
    assert text.endswith("did you mean 'epochs'?")
    assert "\n" not in text


def test_key_of_another_section_is_pointed_at() -> None:
    assert problem(epochs=3).endswith("did you mean 'train.epochs'?")


def test_nothing_near_gives_no_hint() -> None:
    assert "did you mean" not in problem(zzz=1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"train__epochs": "ten"}, "train.epochs: expected a whole number greater than 0, found 'ten'"),
        ({"train__epochs": 0}, "train.epochs: expected a whole number greater than 0, found 0"),
        ({"train__epochs": True}, "train.epochs: expected a whole number greater than 0, found true"),
        ({"train__epochs": None}, "train.epochs: expected a whole number greater than 0, found nothing"),
        ({"train__epochs": ...}, "train.epochs: missing; expected a whole number greater than 0"),
        ({"train__lr0": "0.1"}, "train.lr0: expected a number greater than 0 and at most 1, found '0.1'"),
        ({"train__lr0": True}, "train.lr0: expected a number greater than 0 and at most 1, found true"),
        ({"train__lr0": float("nan")}, "train.lr0: expected a number greater than 0 and at most 1, found nan"),
        ({"train__imgsz": 333}, "train.imgsz: expected a whole number at least 32 and a multiple of 32, found 333"),
        ({"train__cos_lr": 1}, "train.cos_lr: expected true or false, found 1"),
        ({"train__cache": "disc"}, "train.cache: expected true or false or one of 'ram', 'disk', found 'disc'"),
        ({"target__format": "vok"}, "found 'vok', did you mean 'voc'?"),
        ({"target__names": ["a", ""]}, "target.names[1]: expected text of length at least 1, found ''"),
        ({"target__names": ["a", 3]}, "target.names[1]: expected text of length at least 1, found 3"),
        ({"target__path": ...}, "here: target: format 'yolo' needs 'path'"),
        ({"target__path": ""}, "here: target: format 'yolo' needs 'path'"),
        ({"target__train": []}, "target.train: expected text or a list of 1 or more items, each text, found []"),
        ({"target__train": ["a", 3]}, "target.train[1]: expected text, found 3"),
        ({"target__evaluate": ["a", "b", "a"]}, "target.evaluate: 'a' is listed twice"),
        ({"target__difficult": "drop"}, "here: target: 'difficult' belongs to format 'voc'"),
        ({"target__format": "voc", "target__difficult": "no"}, "expected one of 'keep', 'drop', found 'no'"),
        ({"target__images": "images"}, "here: target: 'images' belongs to format 'coco'"),
        ({"target__world": "fine"}, "here: target: 'world' belongs to format 'shapes'"),
        ({"target__format": "voc", "target__class_by_name": {"a": "b"}}, "'class_by_name' belongs to format 'yolo'"),
        ({"target__format": "voc", "target__classes_from": 1}, "'classes_from' belongs to format 'yolo'"),
        ({"target__classes_from": 2}, "target.classes_from: expected one of 0, 1, found 2"),
        ({"target__classes_from": "1"}, "target.classes_from: expected one of 0, 1, found '1'"),
        ({"target__names": "coco", "target__class_by_name": {"a": "b"}}, "both name the classes: keep one"),
        ({"target__class_by_name": {}}, "target.class_by_name: expected a mapping from how file names begin to class"),
        ({"target__class_by_name": {"CDY": 3}}, "target.class_by_name.CDY: "),
        ({"target__format": ...}, "here: target: needs 'format' (yolo, coco, voc, labelme or shapes) or 'card'"),
        ({"target__card": "../x"}, "target.card: expected 1 to 64 letters, digits"),
        ({"target": {"card": "x", "format": "shapes"}}, "target: 'card' and format 'shapes' exclude each other"),
        ({"target": "bccd"}, "target: expected a mapping with some of card, path, format,"),
        ({"seeds": []}, "seeds: expected a list of 1 or more items, each a whole number at least 0, found []"),
        ({"seeds": [0, -1]}, "seeds[1]: expected a whole number at least 0, found -1"),
        ({"seeds": [1, 1]}, "seeds: '1' is listed twice"),
        ({"evaluation__heads": ["one-to-one"] * 2}, "evaluation.heads: 'one-to-one' is listed twice"),
        ({"name": "../up"}, "name: expected 1 to 64 letters, digits"),
        ({"freeze_points": ["backbon"]}, "freeze_points[0]: unknown freeze point 'backbon'"),
        ({"freeze_points": [22.5]}, "freeze_points[0]: expected a module index of 0 or more, none, first-N"),
        ({"freeze_points": [-1]}, "freeze_points[0]: freeze point -1 is negative"),
        ({"attach_points": ["haed"]}, "attach_points[0]: unknown attach point 'haed'"),
        ({"attach_points": ["all", "head"]}, "attach_points: 'all' is every attach point; expected it alone"),
        ({"attach_points": ["al"]}, "did you mean 'all'?"),
        ({"attach_points": "head"}, "attach_points: expected a list of 1 or more items"),
        ({"reference_arm": "al-but-head"}, "did you mean 'all-but-head'?"),
        ({"train__augment": {"mosiac": 1}}, "unknown augmentation 'mosiac'"),
        ({"train__augment": {"mosaic": True}}, "'mosaic' expected a number, found True"),
        ({"train__augment": {"auto_augment": 1}}, "'auto_augment' expected text, found 1"),
        ({"pretrain": {"epochs": 1, "augment": {"mosiac": 1}}}, "pretrain.augment: unknown augmentation 'mosiac'"),
        ({"cam": {"method": "gradcam"}}, "found 'gradcam', did you mean 'grad-cam'?"),
        ({"cam": {"images": 21}}, "cam.images: expected a whole number greater than 0 and at most 20, found 21"),
        ({"cam": {"rules": ["largest-gains"]}}, "cam.rules[0]: expected one of 'random', 'largest-gain'"),
        ({"cam": {"rules": ["random", "random"]}}, "cam.rules: 'random' is listed twice"),
        ({"cam": {"modules": []}}, "cam.modules: expected a list of 1 or more items"),
        ({"cam": {}, "attach_points": ["freeze-point"]}, "'cam' shows the reference under attach point 'head'"),
        ({"cam": {}, "evaluation": {"conf": 0.3}}, "'cam' shows detections above 0.25; expected evaluation.conf"),
        (
            {"evaluation": {"scorer": "pycocotool"}},
            "scorer: expected one of 'hotcoco', 'pycocotools', found 'pycocotool', did you mean 'pycocotools'?",
        ),
        ({"extends": "other.yaml"}, "extends: unknown key here; 'extends' belongs into a suite file"),
    ],
)
def test_wrong_value_gets_one_line(changes: dict[str, Any], expected: str) -> None:
    text = problem(**changes)
    assert expected in text
    assert text.startswith("here: ")
    assert "\n" not in text


def test_several_problems_are_counted_and_listed() -> None:
    first, *lines = problem(train__epochs="ten", seeds="zero").splitlines()
    assert first == "here: 2 problems"
    assert [line.split(": ")[1] for line in lines] == ["seeds", "train.epochs"]


def test_a_number_as_key_of_the_suite_is_one_line() -> None:
    numbered: dict[Any, Any] = {**mapping(), 3: 4}
    with pytest.raises(SuiteError) as caught:
        suite_from_mapping(numbered, where="here")
    assert "\n" not in str(caught.value)
