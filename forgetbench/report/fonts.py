"""Glyphs that charts need beyond DejaVu Sans, which comes with matplotlib: which installed fonts have them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

#: What charts are drawn in wherever it has the glyphs.
BASE = "DejaVu Sans"
#: What has no glyph of its own: control and format characters, separators, half characters.
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))
#: Heavier faces are for emphasis.
_HEAVIEST = 500


@dataclass(frozen=True)
class Glyphs:
    """The fonts that a chart needs beside the usual one, and what none of them has.

    Attributes:
        fonts: Families, each with the start of its file's hash.
        missing: Characters that no installed font has.
    """

    fonts: tuple[str, ...] = ()
    missing: str = ""

    def __str__(self) -> str:
        """Return what a chart says of its fonts; empty where it needs no other."""
        parts = [f"glyphs from {', '.join(self.fonts)}"] if self.fonts else []
        parts += [f"no glyphs for {' '.join(f'U+{ord(c):04X}' for c in self.missing)}"] if self.missing else []
        return "; ".join(parts)


def fonts_said(svg: Path) -> str:
    """Return what an SVG chart's description says of the glyphs it needed; empty where it needed no other fonts."""
    found = re.search(rb"<dc:description>(.*?)</dc:description>", svg.read_bytes()[:4000], re.DOTALL)
    return found[1].decode("utf-8", "replace") if found else ""


@dataclass(frozen=True)
class _Face:
    path: str
    family: str
    font: FT2Font

    def has(self, character: str) -> bool:
        return self.font.get_char_index(ord(character)) != 0

    def named(self) -> str:
        with Path(self.path).open("rb") as file:
            return f"{self.family} {hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"


def give_glyphs(figure: Figure) -> Glyphs:
    """Let texts of a chart whose characters the usual font lacks take them from installed fonts; others stay as is."""
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and not _base().holds(text.get_text())]
    if not texts:
        return Glyphs()
    wanted = _base().lacks(text.get_text() for text in texts)
    faces = choose_faces(wanted)
    for face in faces:
        if not any(entry.name == face.family for entry in font_manager.fontManager.ttflist):
            font_manager.fontManager.addfont(face.path)  # installed since matplotlib last looked
    for text in texts:
        text.set_fontfamily([BASE, *(face.family for face in faces)])
    missing = "".join(c for c in wanted if not any(face.has(c) for face in faces))
    return Glyphs(tuple(face.named() for face in faces), missing)


def choose_faces(characters: str) -> list[_Face]:
    """Return the fewest installed faces that have the characters, as far as any has: the same ones each time."""
    left, chosen = set(characters), list[_Face]()
    faces = _faces(tuple(sorted(font_manager.findSystemFonts())))
    while left and faces:
        best = min(faces, key=lambda face: (-sum(map(face.has, left)), "sans" not in face.family.lower(), face.family))
        found = {c for c in left if best.has(c)}
        if not found:
            break
        left -= found
        chosen.append(best)
    return chosen


def install_advice(missing: str) -> str:
    """Return which fonts to install for characters, by their scripts."""
    scripts = dict.fromkeys(_script(character) for character in missing)
    return " and ".join(f"Noto Sans {script}" if script else "one of the Noto fonts" for script in scripts)


def _script(character: str) -> str:
    word = unicodedata.name(character, "").partition(" ")[0]
    if word in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "IDEOGRAPHIC"):
        return "CJK"
    return word.title() if unicodedata.category(character)[0] in "LM" else ""


class _Base:
    """The usual font's character map."""

    def __init__(self) -> None:
        self._font = FT2Font(font_manager.findfont(BASE, fallback_to_default=True))
        self._known: dict[str, bool] = {}

    def _has(self, character: str) -> bool:
        if character not in self._known:
            visible = unicodedata.category(character) not in _INVISIBLE
            self._known[character] = not visible or self._font.get_char_index(ord(character)) != 0
        return self._known[character]

    def holds(self, text: str) -> bool:
        return all(map(self._has, text))

    def lacks(self, texts: Iterable[str]) -> str:
        """Return the characters of texts that it does not have, each once, in order."""
        return "".join(sorted({c for text in texts for c in text if not self._has(c)}))


@cache
def _base() -> _Base:
    return _Base()


@cache
def _faces(paths: tuple[str, ...]) -> list[_Face]:
    """Return the upright faces of usual weight among font files; those that cannot be drawn with are left out."""
    faces: dict[str, _Face] = {}
    for path in paths:
        try:
            font = FT2Font(path)
            about = font_manager.ttfFontProperty(font)
            upright = about.style == "normal" and int(about.weight) <= _HEAVIEST
        except Exception:  # noqa: S112  (a damaged file, or a kind that matplotlib does not read)
            continue
        if font.scalable and upright:
            faces.setdefault(about.name, _Face(path, about.name, font))
    return list(faces.values())
