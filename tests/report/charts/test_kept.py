"""What is on the chart of kept classes: read back from the drawn objects."""

from pathlib import Path

from support import madeup_run
from support.drawn import drawn
from support.reported import model_of

from forgetbench.report.charts.kept import charts

HEAD, BACKBONE = "all-but-head (22)", "backbone (10)"


def row(value: float, low: float, high: float, **changes: object) -> str:
    return madeup_run.evidence_row("forgetting", value, low, high, **changes)  # type: ignore[arg-type]


def test_a_marker_for_all_classes_and_one_for_those_kept(tmp_path: Path) -> None:
    evidence = [
        row(0.2, 0.12, 0.27), row(0.05, 0.03, 0.08, measure="ap_kept"), row(0.01, 0.0, 0.02, measure="ap50_kept"),
        row(0.0, 0.0, 0.0, treatment=HEAD), row(0.0, 0.0, 0.0, treatment=HEAD, measure="ap_kept", by_construction=True),
        row(0.1, 0.1, 0.1, attach="15", measure="ap_kept"),
    ]  # fmt: skip
    (only,) = charts(model_of(madeup_run.write_run(tmp_path, evidence=evidence)))
    assert only.name == "kept-yolo"
    head, fifteen = only.draw().axes
    assert drawn(head, BACKBONE) == {"all classes": (20, 12, 27), "those kept": (5, 3, 8)}
    assert drawn(head, HEAD) == {"all classes": (0, 0, 0), "those kept": (0, 0, 0)}
    assert drawn(fifteen, BACKBONE, named_on=head) == {"those kept": (10, 10, 10)}
    assert [axis.get_title() for axis in (head, fifteen)] == ["attach = head", "attach = 15"]


def test_a_run_that_keeps_none_has_no_chart(tmp_path: Path) -> None:
    run = madeup_run.write_run(tmp_path, evidence=[row(0.2, 0.12, 0.27)])
    assert list(charts(model_of(run))) == []
