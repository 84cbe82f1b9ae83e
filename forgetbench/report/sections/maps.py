"""What a report says of class activation maps, and the names of their figures."""

from __future__ import annotations

from collections.abc import Iterator

from forgetbench.report.blocks import Block, FigureOf, Paragraph
from forgetbench.report.model_view import ModelView

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


def section(view: ModelView) -> Iterator[Block]:
    """Yield the figures of maps after one sentence on their images and what they show; nothing without them."""
    cam = view.run.suite.get("cam")
    figures = [name for role in ("target", "reference") if (name := cam_name(view.name, role)) in view.run.maps]
    if not cam or not figures:
        return
    seen = _SEEN[cam["method"]].replace("\n", " ")
    chosen = ", ".join(_RULES[rule] for rule in cam["rules"])
    yield Paragraph(
        f"Class activation maps ({_METHODS[cam['method']]}, red most) show {seen}, on images chosen {chosen}; "
        "`cam.csv` lists them."
    )
    yield from map(FigureOf, figures)
