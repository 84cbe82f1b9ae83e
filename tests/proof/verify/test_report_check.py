"""Summary and charts made again."""

from pathlib import Path

from support.finished_run import copy_of
from support.verified import checked, said

from forgetbench.proof.verify import open_subject
from forgetbench.proof.verify.report_check import check_report


def test_a_line_of_the_summary_and_charts_too_many_or_too_few_are_named(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    summary = run / "summary.md"
    summary.write_text(summary.read_text().replace("# small", "# other", 1))
    part = checked(check_report, run)
    (found,) = said(part)
    assert found.startswith("summary.md, line 1: found '# other")
    assert part.checked.startswith("summary.md written again, ")


def test_differences_of_another_forgetbench_are_told_and_not_held_against_the_run(
    small_run: Path, tmp_path: Path
) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "summary.md").write_text("other words\n")
    environment = {**open_subject(run).manifest["environment"], "commit": "0" * 40}
    part = checked(check_report, run, {"environment": environment})
    assert said(part) == []
    assert "but another forgetbench wrote it; the first: summary.md" in part.notes[-1]
