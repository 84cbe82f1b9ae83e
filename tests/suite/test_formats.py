"""What suites may say of each format, and that finding it out imports no reader."""

from __future__ import annotations

import subprocess
import sys

from forgetbench.suite.data_section import Data
from forgetbench.suite.formats import FORMAT_OF_KEY, FORMATS, CocoOptions, VocOptions, find_format, readable_formats

HEAVY = ("cv2", "numpy", "pandas", "PIL", "torch", "forgetbench.data")


def test_each_key_belongs_to_its_format() -> None:
    assert FORMAT_OF_KEY == {
        "class_by_name": "yolo", "classes_from": "yolo", "images": "coco", "annotations": "coco", "difficult": "voc",
        "counts_from": "voc", "world": "shapes",
    }  # fmt: skip
    for form in FORMATS.values():
        assert form.options.model_fields.keys() <= Data.model_fields.keys()
        assert {*form.options.paths, *form.options.harmless} <= form.options.model_fields.keys()


def test_drawn_data_are_in_no_folder() -> None:
    assert readable_formats() == ("yolo", "coco", "voc", "labelme")
    assert Data(format="shapes", world="fine").is_drawn
    assert not Data(format="yolo", path="x").is_drawn
    assert find_format("shapes").reader is None


def test_options_of_a_section() -> None:
    section = Data(format="voc", path="x", difficult="drop")
    assert section.options(VocOptions) == VocOptions(difficult="drop", counts_from=None)
    assert section.options(CocoOptions) == CocoOptions()
    assert section.path_keys == ("path", "images", "annotations")


def test_a_suite_is_checked_without_its_readers() -> None:
    suite = {
        "name": "s", "models": ["m.pt"], "target": {"format": "voc", "path": "x"}, "train": {"epochs": "ten"},
        "reference": {"format": "coco", "path": "y"}, "freeze_points": [1],
    }  # fmt: skip
    code = f"""
import sys
from forgetbench.errors import SuiteError
from forgetbench.suite.load import suite_from_mapping
try:
    suite_from_mapping({suite!r})
except SuiteError as error:
    assert "train.epochs: expected a whole number" in str(error), error
else:
    raise AssertionError("not refused")
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
