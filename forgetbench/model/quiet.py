"""Importing Ultralytics without its side effects on the user's machine or the network.

At import Ultralytics looks names up to see whether it is online, writes a settings file, and later may install packages
or report events. The switches exist only as environment variables read at import, so they are set for that moment. It
also replaces `PIL.Image.open` for the whole process by one that wants to install a package; that is undone.
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
    before = {key: os.environ.get(key) for key in (*_SWITCHES, "YOLO_CONFIG_DIR")}
    with tempfile.TemporaryDirectory(prefix="forgetbench-settings-") as folder:
        os.environ.update(_SWITCHES, YOLO_CONFIG_DIR=folder)
        try:
            import ultralytics.nn.tasks
            import ultralytics.utils
        finally:
            Image.open = open_image
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value
    ultralytics.utils.LOGGER.setLevel(logging.ERROR)


import_ultralytics()
