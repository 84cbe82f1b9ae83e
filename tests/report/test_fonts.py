"""Which fonts give the glyphs that the usual one lacks."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from support.made_fonts import make_font, no_fonts

from forgetbench.report.fonts import BASE, Glyphs, choose_faces, fonts_said, give_glyphs, install_advice


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all fonts there are, besides matplotlib's own."""
    return no_fonts(monkeypatch)


def test_the_fewest_fonts_are_chosen_and_the_same_ones_each_time(tmp_path: Path, installed: list[str]) -> None:
    for family, characters in (("B Serif", "猫狗"), ("B Sans", "猫狗"), ("A Sans", "猫"), ("C Sans", "แ"), ("Z", "x")):
        installed.append(str(make_font(tmp_path / f"{family}.ttf", family, characters)))
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    installed.append(str(tmp_path / "broken.ttf"))
    expected = ["B Sans", "C Sans"]
    assert [face.family for face in choose_faces("猫狗แ☃")] == expected
    installed.reverse()
    assert [face.family for face in choose_faces("แ☃狗猫")] == expected
    assert choose_faces("☃") == []


def test_only_texts_that_need_it_take_another_font(tmp_path: Path, installed: list[str]) -> None:
    installed.append(str(make_font(tmp_path / "a.ttf", "Cat Sans", "猫")))
    figure = Figure()
    figure.subplots().set_yticks([0, 1], ["猫", "cat"])
    glyphs = give_glyphs(figure)
    assert [font.rpartition(" ")[0] for font in glyphs.fonts] == ["Cat Sans"]
    assert glyphs.missing == ""
    families = [label.get_fontfamily() for label in figure.axes[0].get_yticklabels()]
    assert families[0] == [BASE, "Cat Sans"]
    assert "Cat Sans" not in families[1]


def test_advice_names_each_script_once() -> None:
    assert install_advice("猫狗ねแ") == "Noto Sans CJK and Noto Sans Thai"


def test_what_a_chart_says_of_its_fonts(tmp_path: Path) -> None:
    assert str(Glyphs()) == ""
    assert str(Glyphs(("Cat Sans 0123",), "☃")) == "glyphs from Cat Sans 0123; no glyphs for U+2603"
    (tmp_path / "a.svg").write_text("<svg><dc:description>glyphs from X</dc:description></svg>")
    assert fonts_said(tmp_path / "a.svg") == "glyphs from X"
    (tmp_path / "a.svg").write_text("<svg/>")
    assert fonts_said(tmp_path / "a.svg") == ""
