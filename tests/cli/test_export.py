"""`forgetbench export`."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from forgetbench.cli.main import main


def test_it_says_what_is_in_the_file_and_how_to_use_it(small_run: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.pt"
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["export", str(small_run), "-o", str(output), "--arm", "10"])
    assert (
        len(re.findall(r"there it also shows \d+\.\d objects an image of the other classes, above 0\.25", done.output))
        == 2
    )
    assert done.exit_code == 0, done.output
    assert "backbone (10), epoch 2, attach = head, one-to-many head" in done.output
    assert "on 8 images of shapes-general, as in the run" in done.output
    assert "20: the reference's 0 to 13, then the target's" in done.output
    assert f"yolo predict model={output} source=PATH" in done.output
    assert output.is_file()


def test_what_is_not_there_is_one_line(small_run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", str(small_run), "-o", str(tmp_path / "mine.pt"), "--arm", "7"])
    assert done.exit_code == 2
    assert done.output.startswith("error: arm: the run has no such arm; expected one of yolov8p-shapes-freeze22-seed0")
    assert done.output.count("\n") == 1


def test_another_format_is_compared_with_the_pt(small_run: Path, tmp_path: Path) -> None:
    arguments = ["export", str(small_run), "-o", str(tmp_path / "mine"), "--format", "torchscript", "--arm", "10"]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main, [*arguments, "--target-only", "--measure"])
    assert done.exit_code == 0, done.output
    assert "backbone (10), epoch 2, one-to-many head" in done.output
    assert "torchscript  AP" in done.output
    assert "on 6 images of shapes-fine, square canvases; the .pt has " in done.output
    assert "shapes-general" not in done.output
    assert "classes      6\n" in done.output
    assert "yolo predict model=" in done.output
    timed = re.findall(r"latency +(.+): [\d.]+ ms \[[\d.]+, [\d.]+\](?:, \d+ % of two models)?\n", done.output)
    assert timed == ["the file", "the original alone", "two models"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.torchscript"]


@pytest.mark.parametrize(
    ("output", "options", "said"),
    [
        ("mine.bin", (), "the file's name does not say its format"),
        ("mine.pt", ("--format", "onnx"), "expected a name that ends in .onnx"),
        ("mine.pt", ("--half",), "the format pt has no choice of float16"),
        ("mine.pt", ("--target-only", "--reference-only"), "--target-only and --reference-only exclude each other"),
        ("mine.pt", ("--target-only", "--merge-classes"), "classes can be merged only in a detector of both data"),
        ("mine.pt", ("--variant", "averaged"), "was not scored in this run: variant; expected one of trained"),
        ("here_openvino_model", (), "is there already"),
    ],
)
def test_what_cannot_be_made_is_one_line(
    small_run: Path, tmp_path: Path, output: str, options: tuple[str, ...], said: str
) -> None:
    (tmp_path / "here_openvino_model").mkdir()
    arguments = ["export", str(small_run), "-o", str(tmp_path / output), "--arm", "10", *options]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert done.output.startswith("error: ")
    assert said in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["here_openvino_model"]
