"""`forgetbench price`."""

from pathlib import Path

from click.testing import CliRunner

from forgetbench.cli.main import main


def test_a_row_for_each_detector_then_the_original_and_two_models(small_run: Path) -> None:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["price", str(small_run)])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[1].split()[:2] == ["arm", "attach"]
    starts = [line.partition("  ")[0] for line in lines[2:7]]
    assert starts == ["all-but-head (22)", "backbone (10)", "backbone (10)", "the original alone", "two models"]
    assert "latency" not in done.output


def test_what_is_no_run_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["price", str(tmp_path)])
    assert done.exit_code == 2
    assert done.output.startswith("error: ")
    assert done.output.count("\n") == 1
