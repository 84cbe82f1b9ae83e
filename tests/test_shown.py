"""What names from outside look like on a terminal, in Markdown, in CSV and in charts."""

import html
import random
import re

import pytest
from markdown_it import MarkdownIt

from forgetbench.errors import printable
from forgetbench.shown import from_csv, in_chart, in_csv, in_markdown, on_terminal, paragraphs_in_markdown, styled

ORDINARY = [
    "traffic light",
    "all-but-head (22)",
    "lr0=0.01, SGD",
    "snake_case name",
    "YOLOv8n 1.0",
    "Größe 猫",
    "-1",
    "10",
]
#: Names that mean something in Markdown, at the beginning of a line or anywhere.
SPECIAL = [
    "_x_", "*x*", "**x**", "a|b", r"a\|b", "\\", "`x`", "``", "a`|`b", "<script>alert(1)</script>",
    "<img src=x onerror=y>", "[x](javascript:y)",
    "![x](http://y/z.png)", "[x]: http://y", "&lt;", "&#x41;", "R&D", "$x$", "~~x~~", "# x", "x #",
    "> x", "- x", "+ x", "* x", "---", "===", "1. x", "12) x", "1.", "a@b.co", "@someone", ":smile:", "https://x.y/z",
    "www.x.y", "HTTP://X.Y", "a\nb", "\n# x", "a\r\n\r\n<b>", "\x1b[31mred", "a\u202eb", "~~~", "a b | c\\",
]  # fmt: skip
#: Where summaries put names.
PLACES = ["{}", "# {}", "### {}: holds", "- {}: more", "Claimed: {} (p. 1).", "| a | b |\n| :-- | --: |\n| {} | 1 |"]
_MADE = re.compile(r"<(?!/?(?:p|h1|h3|ul|li|table|thead|tbody|tr|th|td|code)\b)[^>]*>")


def rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_are_the_same_everywhere(name: str) -> None:
    assert {on_terminal(name), styled(name), in_markdown(name), in_csv(name) if name != "-1" else name} == {name}
    assert in_chart(name) == name


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [*ORDINARY, *SPECIAL])
def test_names_read_in_markdown_as_they_are_written(name: str, place: str) -> None:
    made = rendered(place.format(in_markdown(name)))
    assert _MADE.search(made) is None
    assert printable(name) in html.unescape(re.sub(r"<[^>]+>", "", made))
    assert made.count("<tr") in (0, 2)
    assert made.count("<td") in (0, 2)
    assert made.count("<h1") + made.count("<h3") == place.startswith("#")


def test_any_signs_read_in_markdown_as_they_are_written() -> None:
    chance = random.Random(0)
    signs = "ab1 _*`|\\<>&;[]()!#-+=~.:@/$\"'"
    for _ in range(3000):
        name = "".join(chance.choices(signs, k=chance.randint(1, 8))).strip() or "x"
        for place in PLACES:
            made = rendered(place.format(in_markdown(name)))
            words = " ".join(html.unescape(re.sub(r"<[^>]+>", "", made)).split())
            assert " ".join(name.split()) in words, (name, place, made)
            assert _MADE.search(made) is None, (name, place, made)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("a|b*c", r"a&#124;b\*c"), ("<b>", "&lt;b>"), ("see https://x.y now", "see `https://x.y` now"),
        ("mail a@b.co", "mail `a@b.co`"), ("mAP@0.5", "mAP@0.5"), ("2. floor", r"2\. floor"), ("a\nb", r"a\\nb"),
    ],
)  # fmt: skip
def test_how_names_are_spelt_in_markdown(name: str, spelt: str) -> None:
    assert in_markdown(name) == spelt


def test_an_address_in_words_may_stay_a_link() -> None:
    assert in_markdown("see https://arxiv.org/abs/1 *", web=True) == r"see https://arxiv.org/abs/1 \*"


def test_descriptions_are_markdown_without_html_and_without_links_but_to_the_web() -> None:
    assert paragraphs_in_markdown("Some *words*.\n\n- [a](https://b)\n") == "Some *words*.\n\n- [a](https://b)"
    for text in (
        "<script>x</script>", "a <img src=x onerror=y>", "[a](javascript:b)", "[a][b]\n\n[b]: javascript:c",
        "![a](file:///b)", r"[a\](javascript:b)", r"[a\\](javascript:b)", "<javascript:a>", "[a]( javascript:b)",
        "\x1b[31m",
    ):  # fmt: skip
        made = rendered(paragraphs_in_markdown(text))
        assert re.search(r"<(?!/?p>)|\x1b", made) is None, made


def test_nothing_but_lines_and_tabs_is_done_to_a_terminal() -> None:
    assert on_terminal("a\tb\nc") == "a\tb\nc"
    for sign in "\x00\x07\x08\r\x0b\x0c\x1b\x7f\x85\x9b\x9d\u200b\u200f\u202e\u2066\u2069\u2028\u2029\ufeff":
        assert on_terminal(f"a{sign}b") == f"a{sign.encode('unicode_escape').decode()}b"
        assert on_terminal(styled(f"a{sign}b").replace("\r", "")).isprintable()


def test_styles_pass_and_other_sequences_do_not() -> None:
    drawn = "\x1b[1;38;5;3mwarning\x1b[0m \x1b[2K\x1b[1A\x1b[?25l\r"
    assert styled(drawn) == drawn
    for sequence in (
        "\x1b]0;title\x07",
        "\x1b]8;;http://x\x1b\\",
        "\x1b]52;c;eA==\x07",
        "\x1bc",
        "\x1b[?1049h",
        "\x1b[6n",
    ):
        assert "\x1b" not in styled(f"a{sequence}b")


@pytest.mark.parametrize("first", "=+-@\t\r\n")
def test_cells_that_would_be_calculated_are_written_after_an_apostrophe(first: str) -> None:
    assert in_csv(f"{first}1+1") == f"'{first}1+1"
    assert from_csv(f"'{first}1+1") == f"{first}1+1"
    assert in_csv(f"'{first}1") == f"''{first}1"


def test_every_text_comes_back_from_its_cell() -> None:
    chance = random.Random(1)
    for _ in range(5000):
        text = "".join(chance.choices("'=+-@\t\r\n a1,", k=chance.randint(0, 5)))
        assert from_csv(in_csv(text)) == text
        assert in_csv(text)[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}


def test_charts_hold_no_character_that_xml_has_not() -> None:
    assert in_chart("a\nb") == "a\nb"
    assert in_chart("a\x1b\x00\ud800\ufffe\u202eb") == r"a\x1b\x00\ud800\ufffe\u202eb"


def test_spaces_that_do_not_break_are_spaces() -> None:
    assert in_markdown("10\u00a0%") == in_chart("10\u00a0%") == on_terminal("10\u00a0%") == "10\u00a0%"
    assert paragraphs_in_markdown("10\u00a0% of\u3000all") == "10\u00a0% of\u3000all"
