"""What a suite may ask for: more than anybody needs; what hangs or fills the memory is refused in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forgetbench.errors import SuiteError
from forgetbench.suite.load import load_suite, suite_from_mapping
from forgetbench.suite.yamlfile import MOST_BYTES, MOST_VALUES, parse_yaml

SUITE = {
    "name": "x",
    "models": ["a.pt"],
    "target": {"format": "yolo", "path": "a"},
    "reference": {"format": "yolo", "path": "b"},
    "freeze_points": ["none"],
    "train": {"epochs": 1, "optimizer": "SGD", "lr0": 0.1},
}


def deep(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


def refusal(overrides: tuple[str, ...] = (), **changes: Any) -> str:
    mapping: dict[str, Any] = {**SUITE}
    for key, value in changes.items():
        section, _, inside = key.partition("__")
        mapping[section] = {**mapping.get(section, {}), inside: value} if inside else value
    with pytest.raises(SuiteError) as caught:
        suite_from_mapping(mapping, "here", overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": list(range(200_000))}, "here: seeds: expected at most 1,000 items, found 200,000"),
        ({"freeze_points": list(range(20_000))}, "freeze_points: expected at most 200 items, found 20,000"),
        ({"models": [f"{number}.pt" for number in range(101)]}, "models: expected at most 100 items, found 101"),
        ({"arms": [{"name": "a"}] * 201}, "arms: expected at most 200 items, found 201"),
        ({"claims": [{}] * 201}, "claims: expected at most 200 items, found 201"),
        ({"seeds": [2**32]}, "seeds[0]: expected at most 4,294,967,295, found 4294967296"),
        ({"seeds": [10**5000]}, "seeds[0]: expected at most 4,294,967,295, found a number of 16610 bits"),
        ({"freeze_points": [10**5000]}, "a number of 16610 bits is beyond any model"),
        ({"freeze_points": ["first-" + "9" * 6000]}, "unknown freeze point 'first-9999"),
        ({"train__epochs": 10**6}, "train.epochs: expected at most 10,000, found 1000000"),
        ({"train__imgsz": 32 * 10**6}, "train.imgsz: expected at most 8,192, found 32000000"),
        ({"train__batch": 10**9}, "train.batch: expected at most 16,384"),
        ({"train__workers": 10**9}, "train.workers: expected a whole number at least 0 and at most 256"),
        ({"train__nbs": 10**30}, "train.nbs: expected at most 1,000,000"),
        ({"train__box": 1e300}, "train.box: expected at most 1,000,000"),
        ({"evaluation": {"max_det": 10**9}}, "evaluation.max_det: expected at most 10,000"),
        ({"evaluation": {"resamples": 10**9}}, "evaluation.resamples: expected at most 20,000"),
        ({"evaluation": {"every": 10**400}}, "evaluation.every: expected at most 1,000,000, found a number of"),
        ({"description": "x" * 10**7}, "description: expected at most 20,000 characters, found 10,000,000"),
        ({"target__path": "x" * 5000}, "target.path: expected at most 4,096 characters, found 5,000"),
        ({"target__names": ["a"] * 100_001}, "target.names: expected at most 100,000 items, found 100,001"),
        ({"target__train": ["a"] * 1001}, "target.train: expected at most 1,000 items, found 1,001"),
        ({"vary": {"lr0": [0.1] * 1001}}, "vary.lr0: expected at most 1,000 items, found 1,001"),
        ({"train__augment": {"multi_scale": 1e9}}, "'multi_scale' expected a number from 0 to 0.9"),
        ({"train__augment": {"degrees": 1e300}}, "'degrees' expected a number from -360 to 360"),
        ({"train__augment": {"mosaic": 2}}, "'mosaic' expected a number from 0 to 1, found 2"),
        ({"train__augment": {"close_mosaic": 1.5}}, "'close_mosaic' expected a whole number"),
        ({"train__augment": {"copy_paste_mode": "x"}}, "'copy_paste_mode' expected flip or mixup, found 'x'"),
        ({"arms": [{"name": "a", "strategy": {"rates": deep(100_000)}}]}, "here: nested too deeply to read"),
        ({"description": deep(100_000)}, "here: nested too deeply to read"),
    ],
)  # fmt: skip
def test_what_is_beyond_bounds_is_refused_in_a_short_line(changes: dict[str, Any], said: str) -> None:
    text = refusal(**changes)
    assert said in text
    assert len(text) < 400
    assert "\n" not in text


def test_products_are_bounded_before_they_are_made() -> None:
    values = [(number + 1) / 1000 for number in range(900)]
    assert "vary: makes 729,000,000 settings of all combinations; expected at most 1,000" in refusal(
        vary={"lr0": values, "lrf": values, "weight_decay": values}
    )
    many: dict[str, Any] = {"seeds": list(range(1000)), "freeze_points": list(range(40))}
    assert "asks for 40,000 arms (1,000 seeds x 40 freeze points and further arms); expected at most 10,000" in refusal(
        **many
    )
    assert "asks for 2,000,000 epochs in all (1,000 seeds x 2,000 epochs)" in refusal(
        seeds=list(range(1000)), train__epochs=2000
    )


def test_what_people_do_is_far_within_bounds() -> None:
    changed = {
        "seeds": [*range(50), 2**32 - 1],
        "freeze_points": list(range(24)),
        "vary": {"lr0": [0.001, 0.01, 0.1], "optimizer": ["SGD", "AdamW"]},
        "train": {"epochs": 130, "optimizer": "SGD", "lr0": 0.1, "imgsz": 4096, "batch": 1024, "workers": 128},
    }
    assert len(suite_from_mapping({**SUITE, **changed}).seeds) == 51
    assert suite_from_mapping({**SUITE, "train": {**SUITE["train"], "epochs": 10_000}}).train.epochs == 10_000  # type: ignore[dict-item]


def test_of_very_many_unknown_keys_the_first_are_named() -> None:
    unknown: dict[str, Any] = {f"k{number}": number for number in range(50_000)}
    text = refusal(**unknown)
    assert text.startswith("here: 50 problems, and 49950 more\n")
    long: dict[str, Any] = {"k" * 10**6 + str(number): 1 for number in range(60)}
    assert len(refusal(**long)) < 50 * 400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [" + "1," * MOST_VALUES + "]", "more than 50,000 values"),
        ("a: " + "[" * 60 + "]" * 60, "nested too deeply to read"),
        ("a: " + '{"a": ' * 100_000, "nested too deeply to read"),
        ("- " * 100_000, "nested too deeply to read"),
        ('a: "\\U00110000"', "not valid YAML"),
        ('a: "\\UFFFFFFFF"', "not valid YAML"),
        ("[" + "x" * 900 + "]: 1", "expected a word or a whole number as key"),
        ("? {a: b}\n: c", "expected a word or a whole number as key"),
        (f"{'x' * 900}: 1\n{'x' * 900}: 2", "is given twice, first in line 1"),
        ("a: &" + "x" * 5000 + " [*" + "x" * 5000 + "]", "alias '*xxx"),
        ("a: !" + "x" * 5000 + " 1", "tag '!xxx"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("<<: {a: 1}\n<<: {b: 2}", "key '<<' is given twice"),
    ],
)  # fmt: skip
def test_yaml_that_takes_time_or_breaks_parsers(text: str, said: str) -> None:
    with pytest.raises(SuiteError) as caught:
        parse_yaml(text, "here")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("text", ["1e999", ".inf", ".nan", "1:10:10", "9" * 5000, "0x10", "1_000"])
def test_numbers_that_are_none(text: str) -> None:
    assert "train.lr0: expected" in refusal((f"train.lr0={text}",))
    assert "train.epochs: expected" in refusal((f"train.epochs={text}",))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seeds." + "1" * 5000 + "=1", "there is no seeds[11111111111111111...]"),
        ("a" * 5000 + "=1", "unknown key"),
        (".".join(["arms"] * 5000) + "=1", "nested too deeply to read"),
        ("seeds=" + "[" * 5000, "nested too deeply to read"),
        ("seeds=" + "[" + "1," * 2000 + "2]", "expected at most 1,000 items, found 2,001"),
    ],
)
def test_what_is_set_has_the_same_bounds(override: str, said: str) -> None:
    text = refusal((override,), seeds=[0])
    assert said in text
    assert len(text) < 1500


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("#" * (MOST_BYTES + 1))
    with pytest.raises(SuiteError, match="cannot be read: larger than 512 KiB"):
        load_suite(path)
