"""The parts of `scripts/bench` that can be told right from wrong without measuring anything."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from benchmarks.__main__ import claim, main, parser, work_of
from benchmarks.agreement import Pair, coco_ap, largest
from benchmarks.contenders import CONTENDERS
from benchmarks.evaluation import Figures, chosen
from benchmarks.export import export
from benchmarks.measure import Cost, bytes_under, run_measured
from benchmarks.table import ap_table, cost_table, last_line, medians
from benchmarks.waiting import Took, busy, with_variable
from benchmarks.waiting import table as waiting_table
from benchmarks.work import QUICK, Work, suite_of
from support.factories import drawn_dataset

from forgetbench.data.load import load_data
from forgetbench.errors import InputError, RunError
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import Detections, gather
from forgetbench.suite.data_section import Data
from forgetbench.suite.load import suite_from_mapping


def costs(**wall: float) -> dict[str, dict[str, float]]:
    return {name: {"wall": seconds, "cpu": 2 * seconds, "memory": 2**30} for name, seconds in wall.items()}


def test_exported_data_are_the_same_data(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path / "drawn", sizes=((61, 47), (33, 71)))
    file = export({"train": dataset, "val": replace(dataset, samples=dataset.samples[:3])}, tmp_path / "out")
    loaded = load_data(Data(format="yolo", path=str(file.parent)), role="target", suite_folder=None)
    assert loaded.train is not None
    assert loaded.report.counts() == {"trained-on-and-evaluated-on": 3}
    assert [len(loaded.train.samples), len(loaded.evaluate.samples)] == [8, 3]
    assert loaded.train.classes == dataset.classes
    for written, given in zip(loaded.train.samples, dataset.samples, strict=True):
        assert written.image.read_bytes() == given.image.read_bytes()
        np.testing.assert_allclose(written.boxes, given.boxes, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(written.classes, given.classes)


def test_crowd_regions_are_not_exported_silently(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path / "drawn", count=1)
    crowd = replace(dataset.samples[0], crowd=np.array([True]))
    with pytest.raises(InputError, match="crowd"):
        export({"val": replace(dataset, samples=(crowd,))}, tmp_path / "out")


def test_the_default_work_is_the_one_the_targets_are_set_for() -> None:
    work = work_of(parser().parse_args([]))
    assert work == Work(8, 320, (22, 15, 10, 0), None, None, None)
    assert not work.limited
    assert work_of(parser().parse_args(["--evaluation"])).imgsz == 640
    quick = work_of(parser().parse_args(["--quick", "--epochs", "1", "--freeze-points", "22", "0"]))
    assert quick == replace(QUICK, epochs=1, freeze_points=(22, 0))


@pytest.mark.parametrize("images", [None, 4])
def test_the_suite_asks_for_the_same_work(images: int | None) -> None:
    work = Work(epochs=3, freeze_points=(22, 10), train_images=images)
    suite = suite_from_mapping(suite_of(work, Path("/w/yolov8n.pt"), Path("/t/data.yaml"), Path("/r/data.yaml")))
    assert (suite.train.epochs, suite.train.batch, suite.train.optimizer) == (3, 16, "AdamW")
    assert (suite.evaluation.every, suite.evaluation.shape) == (1, "square")
    assert (suite.freeze_points, suite.attach_points) == ([22, 10], ["head"])
    assert suite.target.card == (None if images else "bccd")
    assert suite.target.path == ("/t" if images else None)


def test_medians_and_ratios() -> None:
    figures = {"cpu": 1.0, "memory": 2**20, "disk": 0, "checkpoints": 2**21}
    rounds = [{name: {"wall": wall, **figures} for name in ("plain", "forgetbench")} for wall in (9.0, 1.0, 2.0)]
    rounds[0]["plain"]["wall"] = 5.0
    known = medians(rounds)
    assert (known["plain"]["wall"], known["forgetbench"]["wall"]) == (2.0, 2.0)
    table = cost_table({**known, "plain": {**known["plain"], "wall": 7.0}}).splitlines()
    assert table[2] == "| plain | 7.0 | 1.0 | 1 | 0.0 | 2.0 |"
    assert table[4] == "| plain / forgetbench | 3.50 | 1.00 | 1.00 | – | 1.00 |"


def test_the_last_line_has_its_form() -> None:
    line = last_line(costs(plain=300.0, tuned=160.0, forgetbench=100.0), 0.00012345)
    assert line == "plain/forgetbench 3.00 tuned/forgetbench 1.60 max-AP-difference 0.000123"
    assert re.fullmatch(r"plain/forgetbench \d+\.\d\d tuned/forgetbench \d+\.\d\d max-AP-difference \d\.\d{6}", line)


def test_ap_table_shows_the_last_epoch() -> None:
    scores = [
        {"freeze_point": 22, "epoch": epoch, "role": role, "ap": ap + epoch}
        for epoch in (1, 2)
        for role, ap in (("target", 0.25), ("reference", 0.5))
    ]
    table = ap_table({name: {"scores": scores} for name in CONTENDERS}, [22], 2)
    assert table.splitlines()[2] == "| 22 | 2.2500 | 2.2500 | 2.2500 | 2.5000 | 2.5000 | 2.5000 |"


def test_largest_difference_has_no_sign() -> None:
    low, high = Pair("plain", 0, 1, "target", 0.2, 0.5), Pair("tuned", 0, 1, "target", 0.5, 0.3)
    assert largest([high, low]) is low


def test_fewer_validations_are_scaled() -> None:
    figures = Figures(Cost(10, 10, 2), Cost(8, 6, 3), Cost(5, 5, 4), 32, 4, "", 0.0)
    many, one, ours = figures.scaled().values()
    assert (many["wall"], many["cpu"], many["memory"]) == (8 + 28 * 1, 6 + 28 * 1 / 3, 3)
    assert (one["wall"], ours["wall"]) == (5, 10)


def test_checkpoints_are_spread_over_a_run(tmp_path: Path) -> None:
    for arm in ("a", "b"):
        (tmp_path / "checkpoints" / arm).mkdir(parents=True)
        for epoch in range(4):
            (tmp_path / "checkpoints" / arm / f"epoch-{epoch:03d}.safetensors").touch()
    names = [path.relative_to(tmp_path / "checkpoints").as_posix() for path in chosen(tmp_path, 4)]
    assert names == [f"{arm}/epoch-{epoch:03d}.safetensors" for arm in ("a", "b") for epoch in (0, 2)]
    with pytest.raises(InputError, match="expected 9, found 8"):
        chosen(tmp_path, 9)


def test_a_folder_of_other_work_is_refused(tmp_path: Path) -> None:
    claim(tmp_path, {"sweep": 1})
    claim(tmp_path, {"sweep": 1})
    with pytest.raises(InputError, match="other work"):
        claim(tmp_path, {"sweep": 2})


def test_what_is_missing_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("FORGETBENCH_DATA", "FORGETBENCH_ASSETS"):
        monkeypatch.delenv(variable, raising=False)
    assert main(["--quick"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: yolov8n.pt: weights not found")
    assert shown.count("\n") == 1


def test_a_process_is_measured_with_its_children(tmp_path: Path) -> None:
    hold = "import time; kept = bytearray(b'x') * 150_000_000; time.sleep(1)"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}]); print('ended')"
    cost = run_measured([sys.executable, "-c", both], tmp_path / "log", {}, lambda _text: None)
    assert cost.memory > 150_000_000
    assert cost.cpu > 0
    assert (tmp_path / "log").read_text() == "ended\n"
    with pytest.raises(RunError, match=r"exit code 3.*half way"):
        run_measured([sys.executable, "-c", "print('half way'); exit(3)"], tmp_path / "log", {}, lambda _text: None)


def test_bytes_by_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"12345")
    (tmp_path / "b.txt").write_bytes(b"12")
    (tmp_path / "link.pt").symlink_to(tmp_path / "a.pt")
    assert (bytes_under(tmp_path), bytes_under(tmp_path, (".pt",))) == (7, 5)


def jittered(dataset: object, seed: int = 3) -> Detections:
    generator = np.random.default_rng(seed)
    parts = []
    for index, sample in enumerate(dataset.samples):  # type: ignore[attr-defined]
        near = np.repeat(sample.boxes, 6, axis=0) + generator.normal(0, 2.5, (6 * len(sample.boxes), 4))
        values, labels = generator.random(len(near)), generator.integers(0, 3, len(near))
        rows = np.column_stack([near, values, labels]).astype(np.float32)
        parts.append((index, rows[np.argsort(-rows[:, 4])]))
    return gather(parts)


def test_all_scorers_mean_the_same_ap(tmp_path: Path) -> None:
    pytest.importorskip("hotcoco")
    from benchmarks import tuned

    dataset = drawn_dataset(tmp_path / "drawn")
    found = jittered(dataset)
    labels = []
    for index, sample in enumerate(dataset.samples):
        size = np.array([sample.width, sample.height] * 2)
        (x1, y1, x2, y2) = (sample.boxes / size).T
        boxes = np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], axis=1).astype(np.float32)
        shape = (sample.height, sample.width)
        labels.append({"im_file": f"/x/{index:06d}.png", "shape": shape, "cls": sample.classes, "bboxes": boxes})
    truth = tuned.ground_truth(SimpleNamespace(labels=labels, data={"names": dict(enumerate(dataset.classes))}))
    sides = np.column_stack([found.box[:, :2], found.box[:, 2:] - found.box[:, :2]])
    rows = np.column_stack([found.image, sides, found.score, found.label + 1]).astype(np.float64)
    ours = score(ground_truth(dataset), found).ap
    assert ours is not None and 0.1 < ours < 0.9
    assert tuned.average_precision(truth, rows) == pytest.approx(ours, abs=1e-12)
    as_json = [
        {"image_id": int(row[0]), "category_id": int(row[6]), "bbox": row[1:5].tolist(), "score": row[5]}
        for row in rows
    ]
    assert coco_ap(dataset, as_json) == pytest.approx(ours, abs=1e-12)
    assert tuned.average_precision(truth, rows[:0]) == coco_ap(dataset, []) == 0.0


def test_a_trunk_is_the_originals_to_the_last_bit_or_not() -> None:
    pytest.importorskip("hotcoco")
    from benchmarks import tuned

    def model() -> SimpleNamespace:
        torch.manual_seed(0)
        return SimpleNamespace(model=torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)))

    one, other = model(), model()
    torch.nn.init.zeros_(other.model[1].weight)
    assert tuned.same_trunk(one, other)
    with torch.no_grad():
        other.model[0].bias[0] = torch.nextafter(other.model[0].bias[0], torch.tensor(9.0))
    assert not tuned.same_trunk(one, other)


def test_settings_of_waiting_are_compared_within_rounds_and_by_neighbours() -> None:
    found = [
        (0, {"default": Took(10.0, 30.0), "A=1": Took(10.0, 30.0)}),
        (6, {"default": Took(40.0, 90.0), "A=1": Took(20.0, 60.0)}),
        (6, {"default": Took(60.0, 90.0), "A=1": Took(20.0, 45.0)}),
    ]
    said = waiting_table(found)
    assert "| 2 | 6 | 40.0 / 90.0 | 20.0 / 60.0 |" in said
    assert said.endswith(
        "Times as fast as default, medians: beside 0, A=1: training 1.00, the whole run 1.00; "
        "beside 6, A=1: training 2.50, the whole run 1.75."
    )


def test_a_setting_lasts_for_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    with with_variable("GOMP_SPINCOUNT=9"):
        assert os.environ["GOMP_SPINCOUNT"] == "9"
    with with_variable("default"):
        assert os.environ["GOMP_SPINCOUNT"] == "7"


def test_neighbours_are_there_while_a_run_is_and_gone_after() -> None:
    before = len(psutil.Process().children())
    with busy(2):
        assert len(psutil.Process().children()) == before + 2
    assert len(psutil.Process().children()) == before
