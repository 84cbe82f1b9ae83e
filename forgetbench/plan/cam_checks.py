"""What must be right before a run that is to draw class activation maps begins."""

from __future__ import annotations

from forgetbench.errors import InputError, SuiteError
from forgetbench.model import yolo
from forgetbench.model.original import Original
from forgetbench.suite.schema import Cam

HOW_TO_GET_CAM = "Install it with `pip install 'forgetbench[cam]'`, or take `cam` out of the suite."


def check_cam_package() -> None:
    """Make sure the optional package is there.

    Raises:
        InputError: it is missing, or lacks something it needs itself.
    """
    try:
        import pytorch_grad_cam  # noqa: F401
    except ImportError as error:
        raise InputError(
            "class activation maps need the package grad-cam",
            where="cam",
            found=error,
            fix=HOW_TO_GET_CAM,
        ) from error


def modules_shown(cam: Cam, original: Original) -> list[int]:
    """Return the indices of the modules whose outputs are looked at: the suite's, or those that feed the head.

    Raises:
        SuiteError: one of them is the head, lies beyond it, or does not give a single feature map.
    """
    chosen = yolo.sources_of(original.modules[-1]) if cam.modules is None else cam.modules
    for index in chosen:
        if index >= original.head or not yolo.gives_one_map(original.modules[index]):
            raise SuiteError(
                f"module {index} of {original.name} has no feature map to look at",
                where="cam.modules",
                expected=f"indices below {original.head}, the detection head, of modules with one output",
                found=type(original.modules[index]).__name__ if index <= original.head else index,
            )
    return chosen
