"""Classes to keep, looked up among those of a model."""

import pytest

from forgetbench.errors import InputError
from forgetbench.suite.kept import kept_labels

CLASSES = ("person", "bicycle", "car", "bus", "traffic light", "truck")


def test_names_become_indices_in_the_models_order() -> None:
    assert kept_labels(["truck", "person", "traffic light"], CLASSES) == [0, 4, 5]
    assert kept_labels([], CLASSES) == []


def test_names_that_a_model_has_twice_are_both_kept() -> None:
    assert kept_labels(["a"], ["a", "b", "a"]) == [0, 2]


@pytest.mark.parametrize(
    ("name", "classes", "said"),
    [
        (
            "persn", CLASSES,
            "keep: no such class of the reference; expected some of person, bicycle, car, bus, traffic light, …, "
            "found 'persn', did you mean 'person'?",
        ),
        (
            "Car", ("car", "x"),
            "keep: no such class of the reference; expected some of car, x, found 'Car', did you mean 'car'?",
        ),
        ("zebra\n", ("a",), "keep: no such class of the reference; expected some of a, found 'zebra\\n'"),
    ],
)  # fmt: skip
def test_a_name_that_no_class_has_is_refused_with_the_nearest(name: str, classes: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError) as caught:
        kept_labels([classes[0], name], classes)
    assert str(caught.value) == said
    with pytest.raises(InputError, match=r"^--keep: no such class"):
        kept_labels([name], classes, where="--keep")
