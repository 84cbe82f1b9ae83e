"""Importing Ultralytics without its side effects on the user's machine or the network.

At import Ultralytics looks names up to see whether it is online, writes a settings file, and later may install packages
or report events. The switches exist only as environment variables read at import, so they are set for that moment. It
also limits this process and its children to one OpenMP thread, and replaces `PIL.Image.open` by one that wants to
install a package; both are undone.
"""

from __future__ import annotations

import logging
import os
import tempfile

from PIL import Image

_SWITCHES = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "ULTRALYTICS_SAFE_LOAD": "true",  # architecture files are built without eval()
}


def import_ultralytics() -> None:
    """Import Ultralytics offline, with settings in a temporary folder; restore the environment afterwards."""
    open_image = Image.open
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="forgetbench-settings-") as folder:
        os.environ.update(_SWITCHES, YOLO_CONFIG_DIR=folder)
        try:
            import ultralytics.nn.tasks
            import ultralytics.utils
        finally:
            Image.open = open_image
            os.environ.clear()
            os.environ.update(before)
    ultralytics.utils.LOGGER.setLevel(logging.ERROR)


import_ultralytics()
