"""One file of what a run trained: what is in it, that plain Ultralytics opens it, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from benchmarks.export import export as write_data
from support.charts import not_drawn
from support.factories import drawn_dataset
from support.finished_run import change_cell, change_json, copy_of, original_detections, seal, small_suite
from support.served import card, write_card

import forgetbench
from forgetbench.errors import CorruptRunError, DataError, InputError, RunError, WeightsError
from forgetbench.evaluate.detections import load_detections, save_detections
from forgetbench.model import yolo
from forgetbench.model.original import load_original
from forgetbench.record.folder import RunFolder
from forgetbench.ship import export, formats, runtimes
from forgetbench.ship.export import export_run
from forgetbench.ship.file_check import Runtime
from forgetbench.ship.formats import Format

#: What a user does who has no forgetbench: open the file, look at its names, detect, and try to train.
PLAIN = """
import json, sys
sys.modules["forgetbench"] = None  # cannot be imported
import numpy as np
from ultralytics import YOLO
model = YOLO(sys.argv[1])
image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
found = model.predict(image, imgsz=128, conf=0.001, max_det=50, verbose=False)[0].boxes
try:
    model.train(data=sys.argv[2], epochs=1, imgsz=64, verbose=False)
    refused = ""
except KeyError as error:
    refused = error.args[0]
print(json.dumps([len(model.names), len(found), refused]))
"""


def test_the_file_detects_what_the_run_scored(small_run: Path, tmp_path: Path) -> None:
    made = export_run(small_run, tmp_path / "mine.pt", arm="backbone", check="full")
    scores = made.choice.scores
    assert [one.images for one in made.compared] == [6, 8]
    assert [one.file for one in made.compared] == pytest.approx([scores["target"], scores["reference"]], abs=1e-9)
    assert [one.role for one in made.compared] == ["target", "reference"]
    written = torch.load(made.path, map_location="cpu", weights_only=False)
    said = written["forgetbench"]
    results = RunFolder(small_run).results()
    row = results[(results["arm"] == said["arm"]) & (results["epoch"] == 2) & (results["role"] == "target")]
    assert (said["run"], said["freeze_point"], said["epoch"], said["attach"]) == (small_run.name, 10, 2, "head")
    assert said["ap"]["target"] == row["ap"].item()
    assert said["forgetting"]["low"] <= said["forgetting"]["value"] <= said["forgetting"]["high"]
    assert said["forgetting"]["value"] == pytest.approx(said["ap"]["original"] - said["ap"]["reference"])
    assert json.loads(json.dumps(said)) == said
    names = written["model"].names
    assert len(names) == 14 + 6
    assert [names[output] for output in said["classes"]["target"]] == list(made.classes.names[14:])


def test_plain_ultralytics_opens_it_detects_and_refuses_to_train(small_run: Path, tmp_path: Path) -> None:
    made = export_run(small_run, tmp_path / "mine.pt", arm="10", attach="freeze-point")
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), np.zeros((64, 64, 3), np.uint8))
        (tmp_path / "labels" / f"{name}.txt").write_text("0 .5 .5 .2 .2\n")
    data = tmp_path / "data.yaml"
    data.write_text(f"path: {tmp_path}\ntrain: images\nval: images\nnames: [a]\n")
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(made.path), str(data)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    names, found, refused = json.loads(done.stdout.splitlines()[-1])
    assert (names, found) == (20, 50)
    assert "cannot be trained further" in refused
    with pytest.raises(WeightsError, match="forgetbench combined of two"):
        load_original(made.path)


@pytest.mark.parametrize(
    ("name", "said_in"), [("mine.onnx", "mine.onnx"), ("mine_openvino_model", "mine_openvino_model/metadata.yaml")]
)
def test_another_format_detects_what_the_file_detects_and_says_the_same(
    small_run: Path, tmp_path: Path, name: str, said_in: str
) -> None:
    made = export_run(small_run, tmp_path / name, arm="10", check="full")
    assert (made.path.name, [path.name for path in tmp_path.iterdir()]) == (name, [name])
    assert [one.expected for one in made.compared] == [made.choice.scores["target"], made.choice.scores["reference"]]
    assert [(one.role, one.images, one.shape) for one in made.converted] == [
        ("target", 6, "square"), ("reference", 8, "square"),
    ]  # fmt: skip
    for one in made.converted:
        assert one.expected is not None
        assert one.expected > 0
        assert one.file == pytest.approx(one.expected, abs=1e-3)
    assert f'"run": "{small_run.name}"'.encode() in (tmp_path / said_in).read_bytes()


def test_a_format_that_detects_something_else_is_not_written(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(path: Path, kind: Format) -> Runtime:
        runtime = opened(path, kind)
        return runtime if kind.name == "pt" else lambda images: runtime(images.flip(-1))

    opened = runtimes.opened
    monkeypatch.setattr(runtimes, "opened", other)
    with pytest.raises(RunError, match=r"mine\.torchscript: the torchscript file does not detect what the run scored"):
        export_run(small_run, tmp_path / "mine.torchscript", arm="10")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_while_another_format_is_made_leaves_nothing(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr("torch.jit.trace", fails)
    with pytest.raises(RunError, match="exporter fails for the format torchscript; found ValueError: no") as caught:
        export_run(small_run, tmp_path / "mine.torchscript", arm="10")
    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_or_cannot_be_written_is_said_before_anything_is_opened(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "plan_again", None)  # cannot be called
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a part of its path is a file, not a folder"):
        export_run(small_run, tmp_path / "file" / "mine.onnx", arm="10")
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip install 'forgetbench"):
        export_run(small_run, tmp_path / "mine.onnx", arm="10")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_detector_of_one_side_is_the_runs_and_nothing_else(small_run: Path, tmp_path: Path) -> None:
    target = export_run(small_run, tmp_path / "target.pt", arm="10", only="target", check="full")
    reference = export_run(small_run, tmp_path / "reference.pt", arm="10", only="reference", check="full")
    assert [(one.role, one.file) for one in target.compared] == [("target", target.choice.scores["target"])]
    assert [(one.role, one.file) for one in reference.compared] == [("reference", reference.choice.scores["reference"])]
    assert (len(target.classes.names), len(reference.classes.names)) == (6, 14)
    with pytest.raises(InputError, match="classes can be merged only in a detector of both data"):
        export_run(small_run, tmp_path / "other.pt", arm="10", only="target", merge_classes=True)


def test_what_the_run_does_not_have_is_refused_and_nothing_is_written(small_run: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.pt"
    for wrong, said in (
        ({}, "the run has several arms"),
        ({"arm": "15"}, "the run has no such arm"),
        ({"arm": "10", "attach": "18"}, "was not scored in this run: attach point; expected one of"),
        ({"arm": "10", "epoch": 3}, "was not scored in this run: epoch; expected one of 1, 2, found 3"),
        ({"arm": "10", "head": "one-to-one"}, "was not scored in this run: head"),
    ):
        with pytest.raises(InputError, match=said):
            export_run(small_run, output, **wrong)
    with pytest.raises(InputError, match=r"a name that ends in one of \.pt, \.onnx"):
        export_run(small_run, tmp_path / "mine.bin", arm="10")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_detects_something_else_is_not_written(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(path: Path) -> yolo.Yolo:
        model = opened(path)
        model.model[-1].cv3[0][-1].bias.data += 3
        return model

    opened = yolo.opened_as_users_do
    monkeypatch.setattr(yolo, "opened_as_users_do", other)
    with pytest.raises(RunError, match="the pt file does not detect what the run scored on shapes-fine"):
        export_run(small_run, tmp_path / "mine.pt", arm="10")
    assert list(tmp_path.iterdir()) == []


def test_a_run_whose_detections_are_others_is_found_out(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    file = original_detections(run)
    detections, said = load_detections(file)
    save_detections(file, detections.of(detections.label < 5), said)
    with pytest.raises(CorruptRunError, match=f"{file.name}: "):
        export_run(run, tmp_path / "mine.pt", arm="10", attach="freeze-point")
    seal(run)
    with pytest.raises(RunError, match="does not detect what the run scored on shapes-general"):
        export_run(run, tmp_path / "mine.pt", arm="10", attach="freeze-point")
    assert not (tmp_path / "mine.pt").exists()


@pytest.mark.parametrize("name", ["../../outside.safetensors", "/outside.safetensors", "a/b.safetensors"])
def test_detections_elsewhere_are_not_opened(small_run: Path, tmp_path: Path, name: str) -> None:
    run = copy_of(small_run, tmp_path)
    where = {"role": "target", "freeze_point": "10", "epoch": "2"}
    change_cell(run / "results.csv", "detections", where, lambda _: name)
    seal(run)
    with pytest.raises(CorruptRunError, match="expected one plain name"):
        export_run(run, tmp_path / "mine.pt", arm="10")


def test_an_unfinished_run_is_refused(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "DONE").unlink()
    with pytest.raises(InputError, match="the run is not finished"):
        export_run(run, tmp_path / "mine.pt", arm="10")


def test_a_manifest_of_another_kind_is_an_error_of_the_run(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", lambda content: content.update(arms=[]))
    with pytest.raises((InputError, RunError)):
        export_run(run, tmp_path / "mine.pt", arm="10")


def test_a_run_of_an_own_card_is_exported_wherever_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card is looked for beside the folder of runs; the licence is the one that the run wrote down."""
    suite = small_suite(freeze_points=["all-but-head"], claims=[], evaluation={"resamples": 0, "drift": False})
    drawn = drawn_dataset(tmp_path / "drawn")
    write_data({"train": drawn, "val": drawn}, tmp_path / "data")
    data = {"format": "yolo", "path": "data"}
    write_card(tmp_path, card("mine", licence="MIT", data=data, classes=list(drawn.classes)), "mine")
    monkeypatch.chdir(tmp_path)
    with not_drawn():
        run = forgetbench.run({**suite, "target": {"card": "mine"}}, output="runs")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    made = export_run(tmp_path / run.path, "mine.pt")
    said = torch.load(made.path, map_location="cpu", weights_only=False)["forgetbench"]
    assert said["licences"] == {"code": "AGPL-3.0-or-later", "target": "MIT"}
    (tmp_path / "mine.card.yaml").rename(tmp_path / "kept.yaml")
    with pytest.raises(DataError, match=r"mine: no such card; .*looked for as mine\.card\.yaml"):
        export_run(tmp_path / run.path, "other.pt")
