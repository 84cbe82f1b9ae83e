"""What is on the chart of operating points: read back from the drawn objects."""

from pathlib import Path

from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from support import madeup_run
from support.drawn import drawn
from support.operating_rows import BACKBONE, HEAD, write_run
from support.reported import model_of

from forgetbench.report.charts.operating import charts


def chart(run: Path) -> Figure:
    (only,) = charts(model_of(run))
    assert only.name == "operating-yolo"
    return only.draw()


def test_the_baseline_is_a_bar_and_each_treatment_a_marker(tmp_path: Path) -> None:
    reference, target = chart(write_run(tmp_path)).axes
    for axis, widths in ((reference, [50, 80, 40, 0, 70, 35, 0]), (target, [40, 30, 15, 0, 20, 10, 0])):
        bars = next(c for c in axis.containers if isinstance(c, BarContainer))
        assert [round(bar.get_width(), 6) for bar in bars] == widths
    assert drawn(reference, BACKBONE) == {
        "AP": (30, 23, 38),
        "recall at 0.25": (20, 10, 30),
        "precision at 0.25": (10, 10, 10),
    }
    assert drawn(reference, HEAD)["AP"] == (50, 50, 50)
    gained = drawn(target, BACKBONE, named_on=reference)
    assert (gained["AP"], gained["recall at 0.438"], gained["recall at 0.25"]) == (
        (55, 51, 59),
        (30, 10, 50),
        (50, 50, 50),
    )
    of_baseline = next(c for c in target.containers if isinstance(c, ErrorbarContainer) and c.get_label() == HEAD)
    assert of_baseline.lines[0].get_xydata().size == 0  # type: ignore[union-attr]
    assert "grey: original" in reference.get_xlabel()
    assert f"grey: {HEAD}" in target.get_xlabel()


def test_the_axis_ends_where_a_rate_must(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    wide = madeup_run.evidence_row("gain", 0.15, -3.0, 4.0, measure="recall_at_0.25")
    with (folder / "evidence.csv").open("a", encoding="utf-8") as file:
        file.write(wide + "\n")
    left, right = chart(folder).axes[1].get_xlim()
    assert left < 0
    assert 100 < right < 103
