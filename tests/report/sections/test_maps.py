"""What is said of activation maps."""

from pathlib import Path

import pytest
from support import madeup_run
from support.reported import section_of

from forgetbench.report.sections.maps import cam_note, panel_caption, section


@pytest.mark.parametrize(
    ("score", "method", "found", "expected"),
    [
        (0.5, "grad-cam", 3, "F1 0.50"),
        (None, "grad-cam", 0, "F1 –"),
        (0.126, "grad-cam", 41, "F1 0.13, best 20 of 41 boxes"),
        (1.0, "eigen-cam", 1, "F1 1.00\nEigenCAM: no gradient"),
    ],
)
def test_captions(score: float | None, method: str, found: int, expected: str) -> None:
    assert panel_caption(score, asked="grad-cam", method=method, drawn=min(found, 20), found=found) == expected


def test_the_section_says_what_is_seen_and_how_images_were_chosen(tmp_path: Path) -> None:
    about = madeup_run.manifest()
    about["suite"]["cam"] = {"method": "eigen-cam", "rules": ["random", "largest-loss"]}
    folder = madeup_run.write_run(tmp_path, about=about)
    assert section_of(folder, section) == ""
    (folder / "figures").mkdir()
    (folder / "figures" / "cam-yolo-target.png").touch()
    text = section_of(folder, section)
    assert text.startswith("Class activation maps (EigenCAM, red most) show the strongest pattern")
    assert "chosen at random, by the largest loss in F1 against the original (reference)" in text
    assert text.endswith("\n\n![cam-yolo-target](figures/cam-yolo-target.png)")
    assert cam_note("grad-cam").startswith("Grad-CAM, red most: what the summed confidences")
