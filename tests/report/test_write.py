"""The report of a run, whole: what it holds, what failing parts keep back, and names that mean no good."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from matplotlib.figure import Figure
from support import madeup_run

from forgetbench.data.clean import TRAINED_ON
from forgetbench.errors import CorruptRunError
from forgetbench.report import write
from forgetbench.report.blocks import Block, Heading, Name, Paragraph
from forgetbench.report.charts import CHARTS
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.sections import OF_MODEL
from forgetbench.report.write import write_report


def test_maps_are_shown_if_the_suite_asks_for_them_and_they_were_drawn(tmp_path: Path) -> None:
    asked = madeup_run.manifest()
    asked["suite"]["cam"] = {"method": "grad-cam", "rules": ["random"]}
    for about, drawn, expected in ((asked, True, True), (asked, False, False), (madeup_run.manifest(), True, False)):
        folder = madeup_run.write_run(tmp_path / f"{drawn}-{expected}", about=about)
        if drawn:
            (folder / "figures").mkdir()
            (folder / "figures" / "cam-yolo-reference.png").touch()
        write_report(folder)
        text = (folder / "summary.md").read_text(encoding="utf-8")
        assert ("![cam-yolo-reference](figures/cam-yolo-reference.png)" in text) is expected
        assert ("Class activation maps" in text) is expected


def test_the_report_is_written_whole_and_the_same_each_time(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path)
    written = write_report(folder)
    names = [f"{kind}-yolo.{suffix}" for kind in ("gain-forgetting", "ap-epochs", "gradients", "costs")
             for suffix in ("svg", "png")]  # fmt: skip
    assert [path.relative_to(folder).as_posix() for path in written] == [
        *(f"figures/{name}" for name in names), "summary.md"
    ]  # fmt: skip
    before = [path.read_bytes() for path in written]
    assert [path.read_bytes() for path in write_report(folder)] == before


def test_a_chart_that_cannot_be_drawn_keeps_nothing_else_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = madeup_run.write_run(tmp_path)
    whole = {path.name for path in write_report(madeup_run.write_run(tmp_path / "whole"))}

    def fail(*_: object) -> None:
        raise ValueError("'xerr' must not contain negative values")

    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr("forgetbench.report.charts.costs.draw_costs", fail)
        written = write_report(folder, warn=said.append)
    assert {path.name for path in written} == whole - {"costs-yolo.svg", "costs-yolo.png"}
    assert "costs-yolo" not in (folder / "summary.md").read_text(encoding="utf-8")
    assert len(said) == 1
    assert said[0].startswith("could not draw costs-yolo (ValueError: 'xerr' must not")
    assert {path.name for path in write_report(folder, warn=said.append)} == whole
    assert len(said) == 1


#: Names that would break a table, be HTML, a link, a heading, or begin a line.
HOSTILE = ["a|b", "<script>x</script>", "[x](javascript:y)", "# x\n\n# y", "`x", "*x*", "- x", "<img src=x onerror=y>"]


def tags_of(markdown: str) -> list[str]:
    made = MarkdownIt("commonmark").enable("table").render(markdown)
    return [tag for tag in re.findall(r"<[^>]*>", made) if "code" not in tag and not tag.startswith("<img")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_summary_is_made_alike_of_any_names(tmp_path: Path, name: str) -> None:
    def written(label: str, data: str, folder: Path) -> str:
        about = madeup_run.manifest()
        about["suite"] |= {"arms": [], "description": "Words."}
        about["arms"][1] |= {"label": label, "stopped": label, "skipped_steps": 3}
        about["data"]["target"] |= {
            "name": data,
            "split": data,
            "subset_of": data,
            "oddities": {data: 2, TRAINED_ON: 1},
        }
        about["environment"] |= {"processor": data, "packages": {data: data}}
        claim = {
            "name": data, "says": data, "source": data, "quantity": "forgetting", "measure": "ap", "attach": "head",
            "below": 0.1, "above": None, "of": "every", "at_gain": None,
            "compared": [{"model": "yolo", "against": "original", "treatments": [label]}],
        }  # fmt: skip
        about["claims"] = [claim]
        cell = f'"{label}"' if "\n" in label else label
        evidence = [
            madeup_run.evidence_row("gain", 0.15, 0.1, 0.2, treatment=cell),
            madeup_run.evidence_row("forgetting", 0.2, 0.1, 0.3, treatment=cell),
        ]
        madeup_run.write_run(folder, about=about, evidence=evidence)
        return (write_report(folder)[-1]).read_text(encoding="utf-8")

    plain = written("plain", "berries", tmp_path / "plain")
    assert tags_of(written(name, name, tmp_path / "hostile")) == tags_of(plain)
    assert "<table>" in tags_of(plain)
    assert "### berries: refuted" in plain


def test_a_part_of_the_report_that_fails_is_named_and_the_rest_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    folder, told = madeup_run.write_run(tmp_path), list[str]()
    whole = {path.name for path in write_report(folder)}
    monkeypatch.setitem(OF_MODEL, "costs", fail)
    assert {path.name for path in write_report(folder, warn=told.append)} == whole
    assert told.pop().startswith("could not draw costs of yolo (ZeroDivisionError: by nothing); all else")
    text = (folder / "summary.md").read_text(encoding="utf-8")
    assert "cost of training" not in text
    assert text.index("best epoch") < text.index("(figures/costs-yolo.png)") < text.index("## Settings")
    monkeypatch.setitem(CHARTS, "costs", fail)
    assert {path.name for path in write_report(folder)} == {
        name for name in whole if name[:5] not in ("costs", "gradi")
    }
    monkeypatch.setattr(write, "markdown", fail)
    write_report(folder, warn=told.append)
    assert "summary.md" in told[0]
    assert (folder / "summary.md").read_text(encoding="utf-8").startswith("The summary could not be written.")


def test_what_a_report_rests_on_has_to_be_there(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path)
    (folder / "results.csv").unlink()
    with pytest.raises(CorruptRunError, match="no such table"):
        write_report(folder)


def test_a_further_chart_is_a_function_and_ends_its_models_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def own(view: ModelView) -> Iterator[Chart]:
        yield Chart(f"own-{view.name}", Figure)

    monkeypatch.setitem(CHARTS, "own", own)
    folder = madeup_run.write_run(tmp_path)
    assert folder / "figures" / "own-yolo.svg" in write_report(folder)
    text = (folder / "summary.md").read_text(encoding="utf-8")
    assert "(figures/costs-yolo.png)\n\n![own-yolo](figures/own-yolo.png)\n\n## Settings" in text


def test_a_further_section_is_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def own(view: ModelView) -> Iterator[Block]:
        yield Heading((Name(view.name), ": seeds"))
        yield Paragraph(f"{view.run.seeds} in all.")

    monkeypatch.setitem(OF_MODEL, "own", own)
    write_report(madeup_run.write_run(tmp_path))
    assert "### yolo: seeds\n\n1 in all.\n\n## Settings" in (tmp_path / "summary.md").read_text(encoding="utf-8")
