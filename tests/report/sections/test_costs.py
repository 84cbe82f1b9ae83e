"""What is said of the cost of training."""

from pathlib import Path

from support import madeup_run
from support.reported import section_of

from forgetbench.report.sections.costs import section


def test_each_treatment_costs_what_was_measured_and_the_charts_follow(tmp_path: Path) -> None:
    text = section_of(madeup_run.write_run(tmp_path), section)
    assert text.startswith("### yolo: cost of training\n\n| freeze point (1 seed) | GFLOPs in trained modules |")
    assert "| backbone (10) | 2.00 | 2000 ms |" in text
    assert "Shared by all branches in a step (loading, frozen forward): 500 ms." in text
    assert "GFLOPs are of one image's forward, convolutions and matrix products alone." in text
    charts = [line.partition("]")[0][2:] for line in text.splitlines() if line.startswith("!")]
    assert charts == ["gain-forgetting-yolo", "ap-epochs-yolo", "gradients-yolo", "costs-yolo"]


def test_arms_of_earlier_versions_count_no_flops(tmp_path: Path) -> None:
    about = madeup_run.manifest()
    for arm in about["arms"]:
        del arm["trained_flops"]
    assert "| backbone (10) | – | 2000 ms |" in section_of(madeup_run.write_run(tmp_path, about=about), section)
