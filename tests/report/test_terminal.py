"""Blocks as a terminal's lines and tables."""

from forgetbench.report.blocks import Block, FigureOf, Heading, Items, Name, Paragraph, Passage, Table
from forgetbench.report.terminal import TitledTable, terminal


def test_headings_are_titles_and_names_are_left_to_who_prints_them() -> None:
    name = Name("*a|b*\x1b")
    blocks: list[Block] = [
        Heading((name, ": scores"), level=2),
        Table([("of ", name), "n"], [[name, "1"]]),
        Items(["one", ("two ", name)]),
        Paragraph("three"),
        FigureOf("x"),
        Passage("four"),
    ]
    assert list(terminal(blocks)) == [
        TitledTable("*a|b*\x1b: scores", ["of *a|b*\x1b", "n"], [["*a|b*\x1b", "1"]], 1),
        "one",
        "two *a|b*\x1b",
        "three",
        "four",
    ]
