"""A manifest as it has to be, and what is said of one that is not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.finished_run import change_json

from forgetbench.errors import CorruptRunError, InputError
from forgetbench.record.manifest import read_manifest
from forgetbench.record.run_format import FORMAT


@pytest.fixture
def folder(small_run: Path, tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_bytes((small_run / "manifest.json").read_bytes())
    return tmp_path


def test_a_manifest_is_read_as_it_was_written(folder: Path) -> None:
    assert read_manifest(folder) == json.loads((folder / "manifest.json").read_text())
    assert read_manifest(folder)["format"] == FORMAT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.pop("claims"), r"manifest\.json, claims: not what .*expected a value, found nothing"),
        (lambda content: content["arms"][0].update(seed="0"), r"manifest\.json, arms\[0\]\.seed: .*found '0'"),
        (lambda content: content.update(arms=[]), r"manifest\.json, arms: "),
        (lambda content: content.update(id="../../.."), r"manifest\.json, id: "),
        (lambda content: content["arms"][0].update(arm="../x"), r"manifest\.json, arms\[0\]\.arm: "),
        (lambda content: content["arms"][0].update(model="m"), "expected the models yolov8p-shapes everywhere"),
        (lambda content: content["reference_arms"].update(m=3), "expected reference_arms of these models alone"),
    ],
)
def test_what_is_of_another_kind_is_named(folder: Path, change: Callable[[Any], None], said: str) -> None:
    change_json(folder / "manifest.json", change)
    with pytest.raises(CorruptRunError, match=said):
        read_manifest(folder)


@pytest.mark.parametrize("number", [FORMAT - 1, FORMAT + 1])
def test_one_of_another_format_is_not_read(folder: Path, number: int) -> None:
    change_json(folder / "manifest.json", lambda content: content.update(format=number))
    with pytest.raises(InputError, match=f"a run of another version; .*found format {number}"):
        read_manifest(folder)


def test_one_without_a_format_may_lack_anything_and_holds_nothing_else(folder: Path) -> None:
    change_json(folder / "manifest.json", lambda content: content.pop("format"))
    change_json(folder / "manifest.json", lambda content: content.pop("claims"))
    assert "claims" not in read_manifest(folder)
    change_json(folder / "manifest.json", lambda content: content["arms"][0].update(arm="../x"))
    with pytest.raises(CorruptRunError, match=r"arms\[0\]\.arm"):
        read_manifest(folder)
