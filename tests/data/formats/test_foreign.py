"""Formats that are not read are told by name, with what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.layouts import write_coco, write_image

from forgetbench.data.recognise import recognise
from forgetbench.errors import DataError

SUPERVISELY = {
    "size": {"height": 50, "width": 100},
    "objects": [{"classTitle": "cat", "geometryType": "rectangle", "points": {"exterior": [[1, 2], [3, 4]]}}],
}
CREATE_ML = [
    {"image": "a.png", "annotations": [{"label": "cat", "coordinates": {"x": 5, "y": 5, "width": 4, "height": 4}}]}
]
VIA = {"a.png1": {"filename": "a.png", "regions": [{"shape_attributes": {"name": "rect", "x": 1}}]}}
STUDIO = [{"annotations": [{"result": [{"from_name": "l", "value": {"rectanglelabels": ["cat"]}}]}]}]
SAM = {"image": {"file_name": "a.png"}, "annotations": [{"bbox": [1, 2, 3, 4], "segmentation": {}}]}
ONE = {"annotations": [{"bbox": [1, 2, 3, 4], "category_id": 1}], "file_name": "a.png"}
CVAT = "<annotations><version>1.1</version><image id='0' name='a.png'><box/></image></annotations>"


VOTT = {"asset": {"name": "a.png"}, "regions": [{"tags": ["fig"], "boundingBox": {"left": 1, "top": 2}}]}
DATUMARO = {
    "categories": {"label": {"labels": [{"name": "fig"}]}},
    "items": [{"id": "a", "annotations": [{"label_id": 0}]}],
}


@pytest.mark.parametrize(
    ("file", "content", "name", "fix"),
    [
        ("ds/ann/a.png.json", SUPERVISELY, "Supervisely's JSON", "Export it from Supervisely as COCO"),
        ("train/_annotations.createml.json", CREATE_ML, "CreateML's JSON", "Export it again as COCO"),
        ("via_region_data.json", VIA, "VGG Image Annotator's JSON", "Export it from VIA"),
        ("project-1.json", STUDIO, "Label Studio's JSON", "Export it from Label Studio as COCO"),
        (
            "a.json",
            SAM,
            "Segment Anything's JSON",
            "Run 'pip install datumaro' and 'datum convert -i {root} -if segment",
        ),
        ("a.json", ONE, "COCO-like JSON, one file an image", "Merge the files into one instances JSON"),
        ("0a-asset.json", VOTT, "VoTT's JSON", "Export it from VoTT as Pascal VOC"),
        ("annotations/default.json", DATUMARO, "Datumaro's JSON", "'datum convert -i {root} -if datumaro"),
        ("annotations.xml", CVAT, "CVAT's own XML", "Export it from CVAT as COCO 1.0"),
    ],
)
def test_formats_that_are_not_read(tmp_path: Path, file: str, content: Any, name: str, fix: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    write_image(tmp_path / "a.png")
    with pytest.raises(DataError) as caught:
        recognise(tmp_path)
    line = str(caught.value)
    assert line.startswith(f"{path}: {name}")
    assert "which is not read; expected YOLO, COCO, Pascal VOC or labelme. " in line
    assert fix.format(root=tmp_path) in line
    assert line.isprintable()
    assert line.endswith(".")


def test_a_coco_file_at_another_place_is_not_called_foreign(tmp_path: Path) -> None:
    write_coco(
        tmp_path / "x" / "y" / "z", [{"id": 1, "file_name": "a.png"}], [{"image_id": 1, "bbox": [1, 2, 3, 4]}], {1: "a"}
    )
    write_image(tmp_path / "a.png")
    with pytest.raises(DataError, match="no known layout of data"):
        recognise(tmp_path)
