"""`forgetbench export`."""

from pathlib import Path

from click.testing import CliRunner

from forgetbench.cli.main import main


def test_it_says_what_is_in_the_file_and_how_to_use_it(small_run: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.pt"
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["export", str(small_run), "-o", str(output), "--arm", "10"])
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
