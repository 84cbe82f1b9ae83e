"""Single values changed in a finished run: each is found and named, most also where the tamperer seals it again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from support.finished_run import (
    Arrays,
    change_cell,
    change_json,
    change_tensors,
    checkpoint,
    copy_of,
    last_digit,
    one_more,
    original_detections,
    seal,
)

from forgetbench.proof import verify
from forgetbench.proof.verify import Verification, verify_run
from forgetbench.sweep.redraw import redraw

ORIGINAL = {"arm": "original"}
TRAINED = {"arm": "yolov8p-shapes-freeze10-seed0", "epoch": "2"}


@dataclass(frozen=True)
class Tampering:
    """One value changed.

    Attributes:
        name: What it is.
        file: Pattern of the names of files of which at least one must be said to have changed.
        change: Changes it in a copy of a run.
        found: Pattern of a finding that making the run's numbers again has to lead to; None where nothing else in the
            run determines the value.
        drawn: It shows only in what is drawn.
    """

    name: str
    file: str
    change: Callable[[Path], None]
    found: str | None
    drawn: bool = False


def cell(
    name: str, table: str, column: str, where: dict[str, str], change: Callable[[str], str], found: str
) -> Tampering:
    def act(run: Path) -> None:
        change_cell(run / table, column, where, change)

    return Tampering(name, re.escape(table), act, rf"{re.escape(table)}, line \d+ \(.*\), {column}: {found}")


def manifest(name: str, change: Callable[[Any], None], found: str | None, *, drawn: bool = False) -> Tampering:
    return Tampering(name, "manifest.json", lambda run: change_json(run / "manifest.json", change), found, drawn)


def detections(name: str, change: Callable[[Arrays], None], found: str) -> Tampering:
    def act(run: Path) -> None:
        change_tensors(original_detections(run), lambda arrays, _: change(arrays))

    return Tampering(name, "detections/.*safetensors", act, found)


def first_session(run: Path) -> Path:
    return sorted((run / "sessions").rglob("epoch-*.json"))[0]


def annotations_of(run: Path) -> Path:
    return sorted((run / "annotations").iterdir())[0]


def swap_detections(run: Path) -> None:
    """Give a trained arm's row the original's detections: as good a score as the null control's."""
    name = original_detections(run).name
    change_cell(run / "results.csv", "detections", {**TRAINED, "attach": "head"}, lambda _: name)


def change_text(path: Path, pattern: str, replacement: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def chart(run: Path, suffix: str) -> Path:
    return run / "figures" / f"gain-forgetting-yolov8p-shapes{suffix}"


def change_pixel(run: Path) -> None:
    pixels = matplotlib.image.imread(chart(run, ".png")).copy()
    pixels[10, 10, :3] = 0
    matplotlib.image.imsave(chart(run, ".png"), pixels)


def lower_score(arrays: Arrays) -> None:
    arrays["score"][0] = np.float32(arrays["score"][1] * 0.5)


def flip_bit(arrays: Arrays) -> None:
    name = next(name for name in sorted(arrays) if name.endswith("conv.weight"))
    arrays[name].reshape(-1).view(np.uint16)[0] ^= 1


def shift(arrays: Arrays, column: str, by: Any) -> None:
    arrays[column][0] += by


def add_oddity(run: Path) -> None:
    with (run / "oddities.csv").open("a", encoding="utf-8") as file:
        file.write("target,zero-area-box,a.txt,made up\n")


def set_in(*keys: Any, to: Any) -> Callable[[Any], None]:
    def act(content: Any) -> None:
        for key in keys[:-1]:
            content = content[key]
        assert content[keys[-1]] != to
        content[keys[-1]] = to

    return act


TAMPERINGS = (
    cell("an AP's last digit", "results.csv", "ap", ORIGINAL, last_digit, r"found .*, expected 0\.\d+"),
    cell("AP50", "results.csv", "ap50", TRAINED, lambda _: "0.99", r"found 0\.99, expected"),
    cell("number of images", "results.csv", "images", ORIGINAL, one_more, "found 9, expected 8"),
    cell("freeze point of a row", "results.csv", "freeze_point", TRAINED, one_more, "found 11, expected 10"),
    cell("AP of a class", "per_class.csv", "ap", ORIGINAL, lambda _: "0.123", r"found 0\.123, expected"),
    cell("gradient norm", "gradients.csv", "norm", {"epoch": "2"}, last_digit, "found"),
    cell("bytes of memory", "memory.csv", "bytes", {"kind": "optimizer"}, one_more, "found"),
    cell("seconds", "times.csv", "seconds", {"epoch": "2"}, last_digit, "found"),
    cell("loss", "losses.csv", "loss", {"epoch": "1"}, last_digit, "found"),
    cell(
        "bound of an interval", "intervals.csv", "low", {"quantity": "gain"}, lambda _: "-0.5",
        r"found -0\.5, expected",
    ),
    cell(
        "value of evidence", "evidence.csv", "value", {"against": "original"}, lambda _: "0.5", r"found 0\.5, expected",
    ),
    cell("recall at a score", "operating.csv", "recall", TRAINED, lambda _: "0.5", r"found 0\.5, expected"),
    cell(
        "threshold of the best F1", "operating.csv", "threshold", {**ORIGINAL, "point": "best-f1"}, lambda _: "0.5",
        r"found 0\.5, expected",
    ),
    cell("false alarms", "operating.csv", "wrong", TRAINED, one_more, r"found \d+, expected"),
    cell("verdict", "claims.csv", "verdict", {"treatment": "backbone (10)"}, lambda _: "supported", "found supported"),
    cell("AP with statistics alone", "batchnorm.csv", "ap", {"adapted": "statistics"}, lambda _: "0.5", "found 0"),
    detections("confidence of a detection", lower_score, r"detections/.*: its detections are not in order"),
    detections("image of a detection", lambda a: shift(a, "image", 99), r"detections/.*: found image 99, expected"),
    detections("class of a detection", lambda a: shift(a, "label", 1), r"results\.csv, line 2 \(.*\), ap: found"),
    detections("box of a detection", lambda a: shift(a, "box", 40), r"results\.csv, line 2 \(.*\), ap: found"),
    Tampering(
        "network of detections", "detections/.*",
        lambda run: change_tensors(original_detections(run), lambda _, about: set_in("network", to="0" * 64)(about)),
        r"detections/.*, network: found 0+, expected",
    ),
    Tampering("which detections a row is of", r"results\.csv", swap_detections,
              r"results\.csv \(.*freeze10.*\), detections: module \d+ of the network is not that of its checkpoint"),
    Tampering(
        "kept score", r"detections/.*json",
        lambda run: change_json(original_detections(run).with_suffix(".json"), set_in("ap", to=0.9)),
        r"detections/.*json, ap: found 0\.9, expected",
    ),
    Tampering(
        "box of an annotation", "annotations/.*",
        lambda run: change_tensors(annotations_of(run), lambda arrays, _: shift(arrays, "box", 1)),
        r"annotations/.*, fingerprint of its annotations",
    ),
    Tampering(
        "bit of a checkpoint", "checkpoints/.*", lambda run: change_tensors(checkpoint(run), lambda a, _: flip_bit(a)),
        r"detections: module \d+ of the network is not that of its checkpoint",
    ),
    Tampering(
        "epoch in a checkpoint", "checkpoints/.*",
        lambda run: change_tensors(checkpoint(run), lambda _, about: set_in("epoch", to=7)(about)),
        r"checkpoints/.*, epoch: found 7, expected 1",
    ),
    Tampering(
        "record of training", "sessions/.*", lambda run: change_json(first_session(run), set_in("epoch", to=3)),
        r"losses\.csv, line 2 .*, epoch: found 1, expected 3",
    ),
    manifest(
        "a setting", set_in("suite", "train", "lr0", to=0.001), r"identity\.suite\.train\.lr0: found 0\.005, expected",
    ),
    manifest("a seed", set_in("suite", "seeds", 0, to=1), r"identity\.suite\.seeds\[0\]: found 0, expected 1"),
    manifest("seed of the resamples", set_in("resampling_seed", to=1), r"intervals\.csv, line \d+ \(.*\), low: found"),
    manifest(
        "a claim's bound", set_in("claims", 0, "below", to=0.9), r"claims\[0\]\.below: found 0\.9, expected 0\.01",
    ),
    manifest(
        "version of PyTorch", set_in("environment", "packages", "torch", to="1.0"), r"packages\.torch: found 1\.0",
    ),
    manifest(
        "version of NumPy", set_in("environment", "packages", "numpy", to="1.0"), r"summary\.md, line \d+", drawn=True,
    ),
    manifest("how an arm ended", set_in("arms", 0, "steps", to=9), r"arms\[0\]\.steps: found 9, expected 4"),
    manifest(
        "parameters that train", set_in("arms", 1, "trainable_parameters", to=9), r"summary\.md, line", drawn=True,
    ),
    manifest("number of boxes", set_in("data", "reference", "instances", to=9), r"data\.reference\.instances: found 9"),
    Tampering(
        "number in the summary", r"summary\.md", lambda run: change_text(run / "summary.md", r"\d\.\d ", "9.9 "),
        r"summary\.md, line \d+: found .*9\.9", drawn=True,
    ),
    Tampering(
        "number in a chart", "figures/.*svg", lambda run: change_text(chart(run, ".svg"), r"L [0-689]", "L 7"),
        r"figures/.*svg, line \d+: found", drawn=True,
    ),
    Tampering("pixel of a chart", "figures/.*png", change_pixel, r"figures/.*png: not the chart", drawn=True),
    Tampering("row of oddities", r"oddities\.csv", add_oddity, r"oddities\.csv, target: counts by kind"),
    Tampering(
        "a file removed", "detections/.*json", lambda run: original_detections(run).with_suffix(".json").unlink(),
        r"detections/.*json: not readable",
    ),
    Tampering(
        "a file added", r"detections/0\.safetensors",
        lambda run: (run / "detections" / "0.safetensors").write_bytes(b""),  # type: ignore[arg-type]
        r"detections/0\.safetensors: not part of a run of this suite",
    ),
    manifest("version of Python", set_in("environment", "python", to="3.0"), None),
    manifest("commit", set_in("environment", "commit", to="0" * 40), None),
    Tampering(
        "an unknown file", "notes.txt", lambda run: (run / "notes.txt").write_text("x"),  # type: ignore[arg-type]
        r"notes\.txt: not part of a run of this suite",
    ),
)  # fmt: skip


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    return copy_of(small_run, tmp_path)


def verified(run: Path, tampering: Tampering, monkeypatch: pytest.MonkeyPatch) -> Verification:
    """Verify a run; drawing takes most of the time, so it is left out where nothing drawn was changed."""
    if not tampering.drawn and tampering.found is not None:
        monkeypatch.setattr(verify, "CHECKS", [check for check in verify.CHECKS if check[0] != "report"])
    return verify_run(run)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.name)
def test_a_changed_value_is_found_and_named(run: Path, tampering: Tampering, monkeypatch: pytest.MonkeyPatch) -> None:
    tampering.change(run)
    verification = verified(run, tampering, monkeypatch)
    findings = list(map(str, verification.findings))
    said = "(changed, its hash is not the one in DONE|missing, DONE names it|DONE does not name it)"
    assert [finding for finding in findings if re.match(f"{tampering.file}: {said}", finding)]
    if tampering.found is not None and not verification.checks[0].halts:
        assert [finding for finding in findings if re.search(tampering.found, finding)], findings


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.name)
def test_sealing_again_hides_only_what_nothing_else_determines(
    run: Path, tampering: Tampering, monkeypatch: pytest.MonkeyPatch
) -> None:
    tampering.change(run)
    seal(run)
    findings = list(map(str, verified(run, tampering, monkeypatch).findings))
    if tampering.found is None:
        assert findings == []
    else:
        assert [finding for finding in findings if re.search(tampering.found, finding)], findings


def test_what_was_measured_once_can_be_changed_wherever_it_stands(run: Path) -> None:
    """A time exists only in records: who changes them all and draws again is not found."""
    record = first_session(run)
    change_json(record, lambda content: content["times"][0].update(seconds=123.0))
    change_cell(run / "times.csv", "seconds", {"epoch": "1"}, lambda _: "123.0")
    redraw(run)
    seal(run)
    assert verify_run(run).findings == []
