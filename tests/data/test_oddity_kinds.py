"""Every kind of oddity is explained where people look for it."""

from __future__ import annotations

import re
from pathlib import Path

import forgetbench
from forgetbench.data import clean
from forgetbench.data.card_comparison import DIFFERS_FROM_CARD

PAGE = Path(forgetbench.__file__).parent.parent / "docs" / "data.md"


def test_the_page_on_data_names_every_kind_and_no_other() -> None:
    kinds = {value for name, value in vars(clean).items() if name.isupper() and isinstance(value, str)}
    table = PAGE.read_text(encoding="utf-8").split("## Kinds of oddity")[1]
    listed = {kind for row in table.splitlines() for kind in re.findall(r"`([a-z-]+)`", row.split(" | ")[0])}
    assert listed == kinds | {DIFFERS_FROM_CARD, "class-unknown-to-model"}
