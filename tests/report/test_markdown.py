"""Blocks as Markdown: structure is ours, and names stay names."""

from forgetbench.report.blocks import Block, FigureOf, Heading, Items, Name, Paragraph, Passage, Table, joined, text
from forgetbench.report.markdown import markdown


def test_each_block_has_its_form_and_a_blank_line_after_it() -> None:
    blocks: list[Block] = [
        Heading("Title", level=1),
        Heading((Name("*m*"), ": scores")),
        Paragraph("All `files` of AP@[.50:.95]."),
        Passage("Words,\n\n- <b>listed</b>, [link](file:x)\n"),
        Items(["one", ("two ", Name("[x]"))]),
        Table(["a", "b"], [["x", "1"]]),
        FigureOf("costs-yolov8n"),
    ]
    assert markdown(blocks) == (
        "# Title\n\n### \\*m\\*: scores\n\nAll `files` of AP@[.50:.95].\n\n"
        "Words,\n\n- &lt;b>listed&lt;/b>, [link&#93;(file:x)\n\n"
        "- one\n- two \\[x\\]\n\n| a | b |\n| :-- | --: |\n| x | 1 |\n\n"
        "![costs-yolov8n](figures/costs-yolov8n.png)\n"
    )


def test_a_block_without_a_word_leaves_no_gap() -> None:
    assert markdown([Paragraph("a"), Passage(""), Items([]), Paragraph("b")]) == "a\n\nb\n"


def test_cells_stay_cells() -> None:
    table = markdown([Table(["a"], [["b|c"], [r"d\|e"], ["f\ng"], [Name("h|i")]])])
    assert table.splitlines()[2:] == [r"| b\|c |", r"| d\|e |", "| f g |", "| h&#124;i |"]


def test_a_figure_of_any_name_is_found() -> None:
    assert markdown([FigureOf("a b)[c]")]) == "![a b)\\[c\\]](figures/a%20b%29%5Bc%5D.png)\n"


def test_addresses_become_links_where_they_may() -> None:
    shown = markdown([Paragraph((Name("see http://x.y", web=True), ", ", Name("http://x.y")))])
    assert shown == "see http://x.y, `http://x.y`\n"


def test_texts_are_put_together() -> None:
    assert text("a", Name("b"), ("c", Name("d"))) == ("a", Name("b"), "c", Name("d"))
    assert joined([Name("a"), ("b", "c"), "d"], "; ") == (Name("a"), "; ", "b", "c", "; ", "d")
    assert joined([]) == ()
