"""Fonts made for tests, and a machine that has these alone."""

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager


def make_font(path: Path, family: str, characters: str) -> Path:
    """Write a font whose glyphs are all the same box."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (600, 700), (600, 0)):
        pen.lineTo(corner)
    pen.closePath()
    characters = "".join(dict.fromkeys(characters))
    box, names = pen.glyph(), [f"g{ord(character)}" for character in characters]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(character): name for character, name in zip(characters, names, strict=True)})
    builder.setupGlyf(dict.fromkeys([".notdef", *names], box))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (700, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def no_fonts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths of all fonts that are installed besides matplotlib's own: none yet."""
    paths: list[str] = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: list(paths))
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist])
    return paths
