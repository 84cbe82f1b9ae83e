"""What names and texts from outside look like where people see them: on a terminal, in Markdown, in CSV and in charts.

Class names, file names, suites' and cards' words and all that a stranger's run says may hold anything: escape
sequences, Markdown, HTML, formulas. Each medium has one function here, and all that is written goes through it.
Ordinary names look alike everywhere, letter for letter.
"""

from __future__ import annotations

import re
import unicodedata

#: Kinds of characters that move the cursor, change colours, turn the direction of text or are not seen at all.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
#: What rich writes to style text, draw bars and move between their lines.
_STYLE = re.compile(r"\x1b\[[0-9;]*m|\x1b\[[0-9]*[ABCDGK]|\x1b\[\?25[hl]|\x1b\[2J|\x1b\[H|\r")
#: What has a meaning in Markdown anywhere in a line: an underscore only at the edge of a word.
_MARKS = re.compile(r"[\\`*$\[\]~]|(?<![^\W_])_|_(?![^\W_])")
#: What has one at a line's beginning (headings, quotations, lists, rules), or at the end of a heading.
_EDGES = re.compile(r"^[#>]|^[-+=](?=\s|[-+=\s]*$)|#(?=\s*$)")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
#: What GitHub makes a link, a mention or a picture of, and nothing but a code span keeps it from.
_LINKED = re.compile(r"[\w.+-]@[\w-]+\.[\w.-]*[A-Za-z]|(?<!\w)@[A-Za-z]|:[\w+-]+:|\bftp://")
_WEB = re.compile(r"(?i)\bhttps?://|\bwww\.")
#: What a spreadsheet would calculate instead of show.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def on_terminal(text: str) -> str:
    """Return text that does nothing to a terminal but show; lines and tabs stay, and halves for the encoding."""
    return _visible(text, but="\n\t", half=True)


def styled(text: str) -> str:
    """Return text of which only the styles and bars that rich draws reach a terminal as such."""
    parts, end = [], 0
    for style in _STYLE.finditer(text):
        parts += [on_terminal(text[end : style.start()]), style.group()]
        end = style.end()
    return "".join([*parts, on_terminal(text[end:])])


def in_markdown(text: str, *, web: bool = False) -> str:
    """Return a text so that Markdown, as GitHub renders it, shows it as it is: no emphasis, link, HTML or new line.

    It may stand anywhere: at the beginning of a line, in a heading, or in a table's cell.

    Args:
        text: A name, or some words.
        web: Whether addresses that begin with `http` may become links, as they do by themselves.
    """
    words = re.split(r"([\s`|\\]+)", _visible(text))
    shown = "".join(
        f"`{word}`" if _LINKED.search(word) or (_WEB.search(word) and not web) else _escaped(word) for word in words
    )
    return _EDGES.sub(r"\\\g<0>", _NUMBERED.sub(r"\1\\\2", shown))


def _escaped(word: str) -> str:
    return _MARKS.sub(r"\\\g<0>", word).replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")


def paragraphs_in_markdown(text: str) -> str:
    """Return Markdown from outside without what could do more than be read: HTML, and links but to the web."""
    lines = "\n".join(_visible(line) for line in text.strip().split("\n"))
    return re.sub(r"\](?=\((?!https?://)|:|\[)", "&#93;", lines.replace("<", "&lt;"))


def in_csv(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula: after an apostrophe if it would be one."""
    return f"'{text}" if _FORMULA.match(text) else text


def from_csv(cell: str) -> str:
    """Return the text that a cell was written from."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def in_chart(text: str) -> str:
    """Return a text as a chart can show it and an SVG file can hold it; lines stay."""
    return _visible(text, but="\n")


def _visible(text: str, *, but: str = "", half: bool = False) -> str:
    """Return a text with escapes for what cannot be seen, but for some characters, and maybe half ones."""
    if text.isprintable():
        return text
    return "".join(c if c in but or _is_seen(c, half) else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_seen(character: str, half: bool) -> bool:
    kind = unicodedata.category(character)
    return kind not in _UNSEEN and (half or kind != "Cs") and character not in "\ufffe\uffff"
