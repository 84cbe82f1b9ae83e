"""A list of categories is found without parsing its file, or the file is parsed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from forgetbench.data.formats.coco import scan
from forgetbench.data.formats.coco.scan import scan_categories

CATEGORIES = [{"id": 1, "name": "é [x]"}, {"id": 2, "name": 'a "b" }', "supercategory": "\\"}]
#: Text that looks like the list, and is none.
LURE = {"info": {"description": 'the "categories": [{"id": 9}] of \\"categories\\": [}}'}, "categories ": [3]}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    "document",
    [
        {"images": [], "annotations": [], "categories": CATEGORIES},
        {"categories": CATEGORIES, "images": [{"id": 1}], "annotations": []},
        {**LURE, "categories": CATEGORIES, "images": [LURE], "annotations": [[]]},
        {"images": [LURE, "categories"], "categories": CATEGORIES, "annotations": [LURE, [[1]]]},
    ],
)
def test_the_documents_own_list_is_found(tmp_path: Path, document: Any, ascii_only: bool, indent: int | None) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document, ensure_ascii=ascii_only, indent=indent), encoding="utf-8")
    assert scan_categories(path) == CATEGORIES
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert scan_categories(path) == CATEGORIES


@pytest.mark.parametrize(
    "document",
    [
        {"dataset": {"categories": CATEGORIES, "more": 1}, "images": []},
        {"more": 1, "dataset": {"more": 1, "categories": CATEGORIES}, "images": [1, 2, 3, 4, 5, 6, 7, 8, 9]},
        [{"categories": CATEGORIES}],
        {"info": {"categories": [1]}, "categories": CATEGORIES},
        {"categories": CATEGORIES, "annotations": [{"attributes": {"categories": []}}]},
        {"categories": []},
        {"categories": {"1": "x"}},
        {"categories": None},
        {"images": []},
    ],
)
def test_what_is_not_certain_is_left_to_parsing(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    assert scan_categories(path) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"categories": [', b'{"categories": [{"id": "\xff"}]}', b"\xff\xfe{\0"]
)
def test_broken_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert scan_categories(tmp_path / "a.json") is None
    assert scan_categories(tmp_path / "gone.json") is None
    assert scan_categories(tmp_path) is None


def test_a_file_cut_short_behind_its_categories(tmp_path: Path) -> None:
    text = json.dumps({"images": [1] * 99, "categories": CATEGORIES, "more": [1]})
    (tmp_path / "a.json").write_text(text[:-2])
    assert scan_categories(tmp_path / "a.json") is None


def test_a_list_in_the_middle_of_a_large_file_is_left_to_parsing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"images": [1] * 300, "categories": CATEGORIES, "annotations": [1] * 300}))
    assert scan_categories(path) == CATEGORIES
    monkeypatch.setattr(scan, "MOST", 400)
    assert scan_categories(path) is None
