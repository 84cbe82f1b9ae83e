"""How COCO's form is recognised and described."""

import json
from pathlib import Path

from forgetbench.data.formats.coco.layout import READER, describe, is_coco
from forgetbench.suite.data_section import Data


def write(path: Path, *categories: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [{"id": key, "name": name} for key, name in enumerate(categories)]
    path.write_text(json.dumps({"images": [], "annotations": [], "categories": listed}))


def test_a_folder_with_instances_is_recognised_and_a_file_is_not(tmp_path: Path) -> None:
    assert not is_coco(tmp_path)
    write(tmp_path / "mine.json", "cat")
    assert is_coco(tmp_path)
    assert not is_coco(tmp_path / "mine.json")


def test_only_a_single_file_that_tells_no_part_is_named(tmp_path: Path) -> None:
    write(tmp_path / "one" / "annotations" / "mine.json", "cat")
    described = {"path": str(tmp_path / "one"), "names": None, "annotations": "annotations/mine.json"}
    assert describe(tmp_path / "one", tmp_path, None) == described
    write(tmp_path / "two" / "annotations" / "instances_val.json", "cat")
    assert describe(tmp_path / "two", tmp_path, ["dog"]) == {
        "path": str(tmp_path / "two"), "names": ["dog"], "annotations": None,
    }  # fmt: skip


def test_what_is_described_is_opened(tmp_path: Path) -> None:
    write(tmp_path / "mine.json", "cat", "dog")
    section = Data(format="coco", **describe(tmp_path, tmp_path, None))
    source = READER.open(tmp_path, section, None, None)
    assert (source.classes, source.split_names) == (("cat", "dog"), ("",))
