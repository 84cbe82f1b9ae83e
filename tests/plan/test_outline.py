"""What can be said of a suite whose data or weights are not here."""

from pathlib import Path

import pytest
from support.factories import tiny_suite, written_suite

from forgetbench.data.cards.missing import Missing
from forgetbench.errors import DataError, InputError
from forgetbench.plan.outline import make_outline, missing_inputs, refuse_what_only_hands_can_fetch
from forgetbench.suite.load import LoadedSuite, load_suite, suite_from_mapping


def test_data_at_a_path_of_its_own_are_not_those_of_the_card(tmp_path: Path) -> None:
    suite = written_suite(tmp_path, target={"card": "bccd", "path": "nowhere", "format": None, "world": None})
    with pytest.raises(DataError, match="nowhere: data not found; found nothing at"):
        missing_inputs(load_suite(suite))


def test_what_can_be_had_is_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORGETBENCH_DATA", "FORGETBENCH_ASSETS"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    card = {"card": "bccd", "format": None, "world": None}
    suite = written_suite(tmp_path, model="yolov8n.pt", target=card, reference=card, pretrain=None)
    data, weights = missing_inputs(load_suite(suite))
    assert (data.name, data.fetchable) == ("bccd", True)
    assert weights == Missing("yolov8n.pt", True, "Official weights: 'forgetbench run' downloads them.")
    assert missing_inputs(load_suite(written_suite(tmp_path))) == []


def test_what_only_hands_can_fetch_stops_all() -> None:
    refuse_what_only_hands_can_fetch([Missing("a", True, "Fetch it.")])
    with pytest.raises(DataError, match=r"b, c: data are not here.* Go there\. Ask them\."):
        by_hand = [Missing("b", False, "Go there."), Missing("c", False, "Ask them.")]
        refuse_what_only_hands_can_fetch([Missing("a", True, "Fetch it."), *by_hand])


def test_classes_to_keep_are_held_against_what_the_reference_is_known_to_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORGETBENCH_ASSETS", raising=False)  # weights that are there say their classes themselves
    keep = ["ring", "squar"]
    for model in ({}, {"model": "yolov8n.pt"}, {"model": "yolov8p-shapes.safetensors"}):
        loaded = load_suite(written_suite(tmp_path, keep=keep, **model))
        with pytest.raises(InputError, match=r"^keep: no such class of the reference.*did you mean 'square'"):
            make_outline(loaded)
    suite = {**tiny_suite(tmp_path), "model": "yolov8n.pt", "reference": {"format": "yolo", "path": "x"}, "keep": keep}
    unknown = LoadedSuite(suite_from_mapping(suite), tmp_path / "s.yaml", ())
    assert len(make_outline(unknown).arms) == 3  # nobody knows the classes before the data or the weights are here


def test_arms_are_known_without_data_and_weights(tmp_path: Path) -> None:
    card = {"card": "bccd", "format": None, "world": None}
    loaded = load_suite(written_suite(tmp_path, target=card))
    found = make_outline(loaded)
    assert [arm.name for arm in found.arms] == [f"tiny-yolov8-freeze{point}-seed0" for point in (22, 10, 0)]
    assert found.classes == 3  # red and white cells and platelets, as the card says
    assert make_outline(loaded, ["a", "b"]).classes == 2
