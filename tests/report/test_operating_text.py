"""The section on operating points, from a run written by hand."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from support import madeup_run
from support.drawn import drawn

from forgetbench.analyse.operating import OperatingRow, standings
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.tables import read_table, read_tables, rows_of
from forgetbench.report.evidence_text import evidence_section
from forgetbench.report.figures import Figures
from forgetbench.report.operating_charts import draw_operating
from forgetbench.report.operating_text import write_in_rank_and_score
from forgetbench.report.summary import terminal_summary
from forgetbench.report.write import looks_of

HEAD, BACKBONE = "all-but-head (22)", "backbone (10)"


def rows(arm: str, epoch: int, role: str, at_fixed: float, at_best: float | None, **changes: Any) -> Iterable[Any]:
    """Yield a scored thing at both points; recall is given, precision is half of it, F1 unmeasured."""
    for point, threshold, recall in (("0.25", 0.25, at_fixed), ("best-f1", 0.4375, at_best)):
        cells = {
            "model": madeup_run.MODEL, "arm": arm, "seed": None if arm == "original" else 0, "epoch": epoch,
            "role": role, "attach": "head" if role == "reference" else None, "head": "one-to-many", "point": point,
            "threshold": threshold, "recall": recall, "precision": None if recall is None else recall / 2, "f1": None,
            "right": 1, "wrong": 1, "objects": 9, "detections": "x.safetensors", **changes,
        }  # fmt: skip
        yield OperatingRow(**cells)


def write_run(folder: Path, **changes: Any) -> Path:
    evidence = [
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
        madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, treatment=HEAD, by_construction=True),
        madeup_run.evidence_row("forgetting", 0.6, 0.5, 0.7, measure="recall_at_0.25"),
        madeup_run.evidence_row("gain", 0.15, 0.11, 0.19),
        madeup_run.evidence_row("gain", 0.1, -0.1, 0.3, measure="recall_at_best_f1"),
    ]
    head, backbone = madeup_run.arm_name(22, 0), madeup_run.arm_name(10, 0)
    scored = [
        *rows("original", 0, "reference", 0.8, 0.7),
        *rows(head, 2, "target", 0.3, 0.2), *rows(head, 2, "reference", 0.8, 0.7),
        *rows(backbone, 1, "target", 0.9, 0.9),  # an earlier epoch
        *rows(backbone, 2, "target", 0.5, 0.3), *rows(backbone, 2, "reference", 0.2, None),
        *rows(backbone, 2, "reference", 0.8, 0.7, attach="freeze-point"),
    ]  # fmt: skip
    madeup_run.write_run(folder, evidence=evidence, **changes)
    RunFolder(folder).write_table("operating.csv", columns_of(OperatingRow), scored)
    return folder


def section(folder: Path) -> str | None:
    tables = read_tables(folder)
    return write_in_rank_and_score(
        folder, Figures(folder / "figures"), tables, "yolo", "subject", looks_of(tables, "yolo")
    )


def text_of(folder: Path) -> str:
    found = section(folder)
    assert found is not None
    assert sorted(path.name for path in (folder / "figures").iterdir()) == ["operating-yolo.png", "operating-yolo.svg"]
    return found


def chart(folder: Path) -> Figure:
    tables, operating = read_tables(folder), rows_of(read_table(folder / "operating.csv"), OperatingRow)
    looks = {look.label: look for look in looks_of(tables, "yolo").values()}
    baselines = {"reference": "original", "target": HEAD if tables.manifest["reference_arms"] else None}
    panels: Any = {
        role: standings(tables, operating, "yolo", "one-to-many", role, against)  # type: ignore[arg-type]
        for role, against in baselines.items()
    }
    names = ["AP", "R1", "P1", "F1", "R2", "P2", "F2"]
    return draw_operating(panels, names, looks, "freeze point", "title")


def test_what_was_kept_and_lost_on_the_reference(tmp_path: Path) -> None:
    text = text_of(write_run(tmp_path))
    assert text.startswith("### yolo: in rank and in score")
    assert "for every network: 0.25, and 0.438, where the original's F1 on the reference is best." in text
    header = "AP | recall at 0.25 | precision at 0.25 | F1 at 0.25 | recall at 0.438 | precision at 0.438 | F1 at 0.438"
    assert text.count(f"| freeze point (1 seed) | {header} |") == 2
    assert "| original | 50.0 | 80.0 | 40.0 | – | 70.0 | 35.0 | – |" in text
    assert f"| {HEAD} | 50.0 (100 %), 0 | 80.0 | 40.0 | – | 70.0 | 35.0 | – |" in text
    lost = "30.0 (60 %), 20.0 [12.0, 27.0] | 20.0 (25 %), 60.0 [50.0, 70.0] | 10.0 | – | – | – | –"
    assert f"| {BACKBONE} | {lost} |" in text
    assert "(figures/operating-yolo.png)" in text


def cells(text: str, label: str) -> list[str]:
    """Return the cells after the label of its first row."""
    return next(line for line in text.splitlines() if line.startswith(f"| {label} |")).split(" | ")[1:]


def test_the_terminal_says_what_is_found_above_the_usual_score(tmp_path: Path) -> None:
    ((_, _, _, remarks),) = terminal_summary(write_run(tmp_path))
    (said,) = [remark for remark in remarks if remark.startswith("In score")]
    before, after = (cells(text_of(tmp_path), name)[1] for name in ("original", "backbone (10)"))
    assert f"above 0.25 the original finds {before} % of the reference's objects" in said
    assert said.endswith(f"the arms find: backbone (10) {after.partition(' ')[0]}.")


def test_what_was_gained_on_the_target(tmp_path: Path) -> None:
    text = text_of(write_run(tmp_path))
    assert f"On berries (target), in points: after the comma the gain over {HEAD}" in text
    assert f"| {HEAD} | 40.0 | 30.0 | 15.0 | – | 20.0 | 10.0 | – |" in text
    assert f"| {BACKBONE} | 55.0, +15.0 [11.0, 19.0] | 50.0 | 25.0 | – | 30.0, +10.0 [−10.0, 30.0] | 15.0 | – |" in text


def test_the_other_tables_of_intervals_are_as_long_as_before(tmp_path: Path) -> None:
    sure = evidence_section(read_tables(write_run(tmp_path)), "yolo", "one-to-many", HEAD)
    assert "| forgetting of backbone (10) against original | head | AP | 20.0 | [12.0, 27.0] |" in sure
    assert "recall" not in sure


def test_without_a_reference_arm_only_the_values_are_shown(tmp_path: Path) -> None:
    folder = write_run(tmp_path, about=madeup_run.manifest(reference_arms={}))
    text = text_of(folder)
    assert "On berries (target), in points:" in text
    assert f"| {BACKBONE} | 55.0 | 50.0 | 25.0 | – | 30.0 | 15.0 | – |" in text
    assert chart(folder).axes[1].get_xlabel() == "points"


def test_a_run_without_the_table_has_no_section(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    (folder / "operating.csv").unlink()
    assert section(folder) is None


def test_the_baseline_is_a_bar_and_each_treatment_a_marker(tmp_path: Path) -> None:
    reference, target = chart(write_run(tmp_path)).axes
    for axis, widths in ((reference, [50, 80, 40, 0, 70, 35, 0]), (target, [40, 30, 15, 0, 20, 10, 0])):
        bars = next(c for c in axis.containers if isinstance(c, BarContainer))
        assert [round(bar.get_width(), 6) for bar in bars] == widths
    assert drawn(reference, BACKBONE) == {"AP": (30, 23, 38), "R1": (20, 10, 30), "P1": (10, 10, 10)}
    assert drawn(reference, HEAD)["AP"] == (50, 50, 50)
    gained = drawn(target, BACKBONE, named_on=reference)
    assert (gained["AP"], gained["R2"], gained["R1"]) == ((55, 51, 59), (30, 10, 50), (50, 50, 50))
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
