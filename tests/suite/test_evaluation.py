"""What a suite's evaluation comes to."""

from dataclasses import asdict

from support.suites import load

from forgetbench.suite.evaluation import evaluation_settings, scored_heads


def test_the_size_is_that_of_training_unless_the_suite_says_otherwise() -> None:
    expected = {"imgsz": 320, "shape": "rect", "batch": 16, "conf": 0.001, "iou": 0.7, "max_det": 300}
    assert asdict(evaluation_settings(load(train__imgsz=320))) == expected
    own = load(train__imgsz=320, evaluation={"imgsz": 640, "shape": "square", "max_det": 100})
    assert asdict(evaluation_settings(own)) == {**expected, "imgsz": 640, "shape": "square", "max_det": 100}


def test_a_model_with_one_head_has_one_to_many_whatever_is_asked_for() -> None:
    assert scored_heads(["one-to-one", "one-to-many"], two_heads=True) == ["one-to-one", "one-to-many"]
    assert scored_heads(["one-to-one"], two_heads=True) == ["one-to-one"]
    assert scored_heads(["one-to-one"], two_heads=False) == ["one-to-many"]
