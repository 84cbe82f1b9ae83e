"""What the summary says of what was forgotten, from rows written by hand."""

from collections.abc import Sequence

from support.forgotten_rows import BASE, TARGET, measures, of_class

from forgetbench.record.rows.changes import ChangeRow, ClassChangeRow, MeasureChangeRow
from forgetbench.report.markdown import markdown
from forgetbench.report.sections.forgotten import changes


def text_of(classes: Sequence[ClassChangeRow], rows: Sequence[MeasureChangeRow], heading: str) -> str:
    return markdown(changes(classes, rows, heading))


def test_before_and_after_with_what_was_kept() -> None:
    text = text_of([], measures(), "freeze point")
    assert "| original | 40.0 | 40.0 | 40.0 | 40.0 | 40.0 | 40.0 | 40.0 |" in text
    assert "| none (0) | 30.0 (75 %) |" in text
    assert "| original | 40.0 | 40.0 | 40.0 | 40.0 | 40.0 | 40.0 | 0.40 |  |" in text
    assert "| none (0) | 30.0 | 30.0 | 30.0 | 30.0 | 30.0 | 30.0 | 0.30 | −0.25 |" in text
    assert "| attach |" not in text


def test_the_target_shows_gains() -> None:
    text = text_of([], measures(**TARGET), "freeze point")
    assert "| all-but-head (22) | 40.0 |" in text
    assert "| none (0) | 30.0 (−10.0) |" in text
    assert "the gain over the reference arm, all-but-head (22)" in text


def test_several_attach_points_are_told_apart() -> None:
    text = text_of([], [*measures(), *measures(attach="10", after=0.2)], "arm")
    assert "| arm | attach | AP |" in text
    assert "| none (0) | head | 30.0 (75 %) |" in text
    assert "| none (0) | 10 | 20.0 (50 %) |" in text


def test_few_classes_are_all_shown_and_shared_ones_marked() -> None:
    rows = [
        of_class("a|b", shares="name", shared_with="A|B"),
        of_class("man", shares="meaning", shared_with="person"),
        of_class("rare", low=None, high=None),
    ]
    text = text_of(rows, measures(), "freeze point")
    assert "| class | boxes | AP before (original) | none (0) |" in text
    assert r"| a&#124;b\* | 9 | 40.0 | 10.0 [5.0, 20.0] |" in text
    assert "| rare | 9 | 40.0 | 10.0 |" in text
    assert r"by name (\*) or by meaning (†): a&#124;b\* (A&#124;B), man† (person)." in text


def test_of_many_classes_the_ends_are_shown_and_those_in_few_images_left_out() -> None:
    rows = [of_class(f"c{index}", value=index / 100, low=None, high=None) for index in range(1, 13)]
    rows += [of_class("rarest", value=0.9, images=4), of_class("group", kind="super-category", value=0.95)]
    text = text_of(rows, measures(), "freeze point")
    most = "c12 12.0, c11 11.0, c10 10.0, c9 9.0, c8 8.0"
    assert f"- none (0): lost most: {most}; least: c1 1.0, c2 2.0, c3 3.0, c4 4.0, c5 5.0" in text
    assert "rarest" not in text
    assert "group" not in text
    assert "Shared with" not in text


def test_the_rows_made_here_have_the_columns_of_a_change() -> None:
    assert isinstance(of_class("x"), ChangeRow)
    assert set(BASE) == set(ChangeRow.__dataclass_fields__)
