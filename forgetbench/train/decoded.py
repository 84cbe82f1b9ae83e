"""Decoded images on disk (`cache: disk`): named by what they were decoded from, proved whole before they are used."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset
from forgetbench.data.images.content import FileState, is_settled, state_of
from forgetbench.files import cache_folder
from forgetbench.model import yolo
from forgetbench.room import has_room

#: Bytes that decoded images leave to what runs write: they can do without these images, but not without room.
_LEFT_FOR_RUNS = 1_000_000_000
_DIGEST_BYTES = hashlib.sha256().digest_size
#: Files found whole by this process, or by a loader's parent before it, in the state they then had.
_whole: dict[Path, FileState] = {}


def decoded_places(dataset: Dataset) -> list[Path]:
    """Return where the decoded images of a dataset are kept; what decodes, and how, is part of the name."""
    folder = cache_folder() / "images" / f"opencv-{cv2.__version__}-ultralytics-{yolo.version()}"
    return [folder / f"{sample.sha256}{sample.image.suffix.lower()}.npy" for sample in dataset.samples]


def keep_decoded(place: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a decoded image as NumPy does, its hash behind it, whole or not at all; without room for it, do nothing."""
    written = BytesIO()
    np.save(written, pixels, allow_pickle=False)
    content = written.getvalue()
    if not has_room(place, len(content) + _LEFT_FOR_RUNS):
        return
    temporary: Path | None = None
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            # not synchronised with the disk: what a power failure leaves of it is not whole
            with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", suffix=".part", delete=False) as file:
                temporary = Path(file.name)
                file.write(content + hashlib.sha256(content).digest())
            temporary.replace(place)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def is_whole(place: Path) -> bool:
    """Tell whether a decoded image is there as it was written; its content is read once."""
    try:
        state = state_of(place)
        if _whole.get(place) == state:
            return True
        settled, content = is_settled(state), place.read_bytes()
    except OSError:
        return False
    if hashlib.sha256(content[:-_DIGEST_BYTES]).digest() != content[-_DIGEST_BYTES:]:
        return False
    if settled:
        _whole[place] = state
    return True
