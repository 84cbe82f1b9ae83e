"""What a report says of class activation maps, and the names of their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forgetbench.report.text import figure_markdown

_METHODS = {"grad-cam": "Grad-CAM", "eigen-cam": "EigenCAM"}
_SEEN = {
    "grad-cam": "what the summed confidences of a network's detections above 0.25 rest on,\nor without any its largest "
    "class score",
    "eigen-cam": "the strongest pattern in a network's features,\nwhatever it detects",
}
_RULES = {
    "random": "at random",
    "largest-gain": "by the largest gain in F1 over the reference arm (target)",
    "largest-loss": "by the largest loss in F1 against the original (reference)",
}


def cam_name(model: str, role: str) -> str:
    """Return the name of a figure of maps, without suffix."""
    return f"cam-{model}-{role}"


def cam_figures(folder: Path, model: str) -> list[str]:
    """Return the names of a model's figures of maps that a run folder has."""
    names = [cam_name(model, role) for role in ("target", "reference")]
    return [name for name in names if (folder / "figures" / f"{name}.png").is_file()]


def cam_note(method: str) -> str:
    """Return what a figure of maps says of itself, in lines."""
    seen = f"{_METHODS[method]}, red most: {_SEEN[method]}."
    return f"{seen} Boxes are detections above 0.25, F1 is theirs at an IoU of 0.5."


def panel_caption(score: float | None, *, asked: str, method: str, drawn: int, found: int) -> str:
    """Return what stands below one map: the image's F1, and what is not as the reader would expect.

    Args:
        score: F1 of the network's detections, None where there is nothing to score.
        asked, method: The method the suite asks for, and the one the map was made by.
        drawn, found: How many of the detections have their boxes drawn, and how many there are.
    """
    text = "F1 –" if score is None else f"F1 {score:.2f}"
    if drawn < found:
        text += f", best {drawn} of {found} boxes"
    return text if method == asked else f"{text}\n{_METHODS[method]}: no gradient"


def cam_section(cam: Mapping[str, Any], figures: Sequence[str]) -> str:
    """Return the figures of maps after one sentence on their images and what they show.

    Args:
        cam: The suite's `cam` section.
        figures: Names of the figures.
    """
    seen = _SEEN[cam["method"]].replace("\n", " ")
    chosen = ", ".join(_RULES[rule] for rule in cam["rules"])
    sentence = (
        f"Class activation maps ({_METHODS[cam['method']]}, red most) show {seen}, on images chosen {chosen}; "
        "`cam.csv` lists them."
    )
    return "\n\n".join([sentence, *map(figure_markdown, figures)])
