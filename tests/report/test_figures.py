"""Charts on their way to files: glyphs from installed fonts, names as they are, and charts that cannot be drawn."""

import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure
from support.made_fonts import make_font, no_fonts

from forgetbench.report.figures import Chart, Figures, render
from forgetbench.report.fonts import fonts_said
from forgetbench.report.style import chart_style

#: Scripts that the usual font lacks, a name in each, and what to install.
LACKING = {
    "猫狗": "Noto Sans CJK", "ねこ": "Noto Sans CJK", "고양이": "Noto Sans CJK", "แมว": "Noto Sans Thai",
    "बिल्ली": "Noto Sans Devanagari", "🦊": "one of the Noto fonts",
}  # fmt: skip
HAS = ("кошка", "γάτα", "قطة", "kötü", "a_b^c\\d", "_hidden")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all fonts there are, besides matplotlib's own."""
    return no_fonts(monkeypatch)


def chart(*names: str) -> Figure:
    figure = Figure(figsize=(3, 2))
    axis = figure.subplots()
    axis.set_yticks(range(len(names)), names)
    return figure


def drawn(folder: Path, *names: str) -> Figures:
    figures = Figures(folder)
    with chart_style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figures.add(Chart("chart", lambda: chart(*names)))
    return figures


def test_the_usual_font_does_where_it_has_all_glyphs(tmp_path: Path, installed: list[str]) -> None:
    installed.append(str(make_font(tmp_path / "a.ttf", "Every Sans", "".join(HAS))))
    figures = drawn(tmp_path, *HAS)
    assert (figures.remarks(), figures.missing) == ([], {})
    assert fonts_said(tmp_path / "chart.svg") == ""
    assert "Every Sans" not in (tmp_path / "chart.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LACKING)
def test_a_font_that_has_the_glyphs_is_taken(name: str, tmp_path: Path, installed: list[str]) -> None:
    without = drawn(tmp_path / "without", name, "cat")
    assert set(without.missing["chart"]) == set(name)
    installed.append(str(make_font(tmp_path / "made.ttf", f"Made {ord(name[0])} Sans", name)))
    figures = drawn(tmp_path / "with", name, "cat")
    assert (figures.remarks(), figures.failed) == ([], {})
    text = (tmp_path / "with" / "chart.svg").read_text(encoding="utf-8")
    assert f"Made {ord(name[0])} Sans" in text
    assert name in text
    before, after = (matplotlib.image.imread(tmp_path / folder / "chart.png") for folder in ("without", "with"))
    assert not np.array_equal(before, after)
    assert fonts_said(tmp_path / "with" / "chart.svg").startswith(f"glyphs from Made {ord(name[0])} Sans ")
    assert fonts_said(tmp_path / "without" / "chart.svg").startswith("no glyphs for U+")


@pytest.mark.parametrize("name", LACKING)
def test_without_such_a_font_one_line_names_the_charts_and_the_font(
    name: str, tmp_path: Path, installed: list[str]
) -> None:
    figures = drawn(tmp_path, name)
    (remark,) = figures.remarks()
    assert remark.startswith("no installed font has ")
    assert f"so chart show boxes instead; install {LACKING[name]}, then" in remark
    assert len(list(tmp_path.iterdir())) == 2


def test_names_are_no_mathematics_and_powers_of_ten_still_are(tmp_path: Path) -> None:
    names = ["$x^2$", r"a\b", "_c", "$", "$$", r"\$", r"$\frac{$"]
    with chart_style():
        figure = chart(*names)
        figure.suptitle("of $y$")
        figure.axes[0].set_xscale("log")
        figure.axes[0].set_xlim(1, 1000)
        contents, _ = render(figure, ["svg"])
    text = contents["svg"].decode("utf-8")
    assert [name for name in names if f">{name}<" not in text] == []
    assert ">of $y$<" in text
    assert ">$" not in text.replace(">$x", "").replace(">$<", "").replace(">$$<", "").replace(r">$\frac{$<", "")


def test_a_chart_that_cannot_be_drawn_is_named_and_the_others_are_drawn(tmp_path: Path) -> None:
    def fail() -> Figure:
        raise ValueError("no\nroom")

    figures = Figures(tmp_path)
    figures.add(Chart("bad", fail))
    figures.add(Chart("good", lambda: chart("a")))
    assert figures.drawn == ["good"]
    assert [path.name for path in figures.written] == ["good.svg", "good.png"]
    (remark,) = figures.remarks()
    assert remark.startswith(r"could not draw bad (ValueError: no\nroom); all else is there")


def test_a_chart_of_unseen_characters_is_xml(tmp_path: Path) -> None:
    figures = Figures(tmp_path)
    with chart_style():
        figures.add(Chart("a", lambda: chart("x\x1b[31m\x00", "y\ufffe\u202e", "<b>&amp;]]>", "z\ud800")))
    assert figures.failed == {}
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    shown = [element.text for element in ElementTree.fromstring(text).iter() if element.tag.endswith("}text")]
    for name in (r"x\x1b[31m\x00", r"y\ufffe\u202e", "<b>&amp;]]>", r"z\ud800"):
        assert name in shown
