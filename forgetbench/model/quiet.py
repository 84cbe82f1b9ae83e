"""Importing Ultralytics and OpenVINO without their side effects on the user's machine or the network.

At import Ultralytics looks names up to see whether it is online, writes a settings file, and later may install packages
or report events. The switches exist only as environment variables read at import, so they are set for that moment. It
also limits this process and its children to one OpenMP thread, and replaces `PIL.Image.open` by one that wants to
install a package; both are undone. OpenVINO reports its use to its makers at import, unless a package is missing.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from PIL import Image

from forgetbench.scratch import scratch_folder

_SWITCHES = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "ULTRALYTICS_SAFE_LOAD": "true",  # architecture files are built without eval()
}


@contextmanager
def variables_put_back() -> Iterator[None]:
    """Undo what a block does to the process's environment variables, some of which a run writes down."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def import_ultralytics() -> None:
    """Import Ultralytics offline, with settings in a temporary folder; restore the environment afterwards."""
    open_image = Image.open
    with variables_put_back(), scratch_folder("settings-") as folder:
        os.environ.update(_SWITCHES, YOLO_CONFIG_DIR=str(folder))
        try:
            import ultralytics.nn.tasks
            import ultralytics.utils
        finally:
            Image.open = open_image
    ultralytics.utils.LOGGER.setLevel(logging.ERROR)


def import_openvino() -> None:
    """Import OpenVINO as if what it reports its use with were not installed: it then does without."""
    name = "openvino_telemetry"
    before = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # what importlib takes for missing
    try:
        import openvino  # noqa: F401
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before


@contextmanager
def muffled() -> Iterator[None]:
    """Let nothing that libraries say reach the terminal: their prints, warnings and logs, those of C++ code too."""
    import ultralytics.utils

    logger = ultralytics.utils.LOGGER
    level = logger.level
    with ExitStack() as after:
        nowhere = after.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        for number in (1, 2):
            try:
                kept = os.dup(number)
            except OSError:  # the process has no such stream
                continue
            after.callback(os.close, kept)
            after.callback(os.dup2, kept, number)
            os.dup2(nowhere.fileno(), number)
        after.enter_context(redirect_stdout(nowhere))
        after.enter_context(redirect_stderr(nowhere))
        after.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        after.callback(logger.setLevel, level)
        logger.setLevel(logging.CRITICAL)
        yield


import_ultralytics()
