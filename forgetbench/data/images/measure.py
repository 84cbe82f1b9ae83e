"""Opening an image once before it is used: its size, how its file says it is turned, and whether it can be seen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from forgetbench.files import MOST_IMAGE_BYTES, regular_bytes

_EXIF_ORIENTATION = 274
#: Formats that PIL and OpenCV agree on; others are tried with OpenCV, which is what decodes them later.
_COMMON_FORMATS = frozenset({"JPEG", "PNG", "BMP"})
#: What a PNG begins with.
_PNG = b"\x89PNG\r\n\x1a\n"
#: PIL's modes of one byte a value; of the others OpenCV keeps the upper byte alone.
_BYTE_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
#: An image of which OpenCV leaves no value above this, out of 255, is black to the eye and to a model.
_DARK = 16
#: What measures. Raise the first number whenever other things may be found: known images are measured again.
MEASURED_BY = f"2, OpenCV {cv2.__version__}, Pillow {PIL.__version__}"


# What is wrong with an image is reported, not printed by the decoder.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class CorruptImageError(Exception):
    """An image file cannot be decoded in full."""


@dataclass(frozen=True)
class MeasuredImage:
    """What is known of an image.

    Attributes:
        size: (width, height) in pixels as `cv2.imdecode` gives the image, after EXIF rotation.
        orientation: How EXIF says the stored image is to be turned, 1 to 8, as far as decoding does it; 1 for not.
        dark: What makes the decoded image nearly black though the file holds more; empty if nothing does.
        sha256: Hash of the file's content, hex digits.
    """

    size: tuple[int, int]
    orientation: int = 1
    dark: str = ""
    sha256: str = ""

    @property
    def stored(self) -> tuple[int, int]:
        """(width, height) of the image before it is turned."""
        return self.size[::-1] if self.orientation >= 5 else self.size


def measure_image(path: Path) -> MeasuredImage:
    """Read an image once, hash it and decode it in full.

    Raises:
        CorruptImageError: the file is empty, truncated or not an image that OpenCV decodes.
        FileNotFoundError: there is no such file.
    """
    try:
        content = regular_bytes(path, MOST_IMAGE_BYTES)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CorruptImageError(error.strerror or str(error)) from error
    return replace(_measured(content), sha256=hashlib.sha256(content).hexdigest())


def _measured(content: bytes) -> MeasuredImage:
    if content.startswith(_PNG) and _asks_for_more(content):
        raise CorruptImageError("a PNG with a chunk that is longer than the file")
    try:
        with Image.open(BytesIO(content)) as image:
            size, kind = image.size, image.format
            bytewise, orientation = _is_bytewise(image), _orientation(image)  # in this order: EXIF may load the image
            # A JPEG at an eighth of its size is read to the end all the same, in half the time.
            image.draft(None, (max(1, size[0] // 8), max(1, size[1] // 8)))
            image.load()
        if kind in _COMMON_FORMATS and orientation == 1 and bytewise:
            return MeasuredImage(size)
    except UnidentifiedImageError as error:
        # OpenCV knows kinds of TIFF that PIL does not.
        kind, orientation, bytewise = None, 1, False
        if _decoded(content, cv2.IMREAD_COLOR) is None:
            raise CorruptImageError("the file is of no format that can be read") from error
    # PIL's plug-ins raise what their parsers raise: SyntaxError, struct.error, ValueError and more.
    except Exception as error:
        raise CorruptImageError(" ".join(str(error).split())) from error
    decoded = _decoded(content, cv2.IMREAD_COLOR)
    if decoded is None:
        raise CorruptImageError("OpenCV cannot decode it")
    # OpenCV turns TIFF whatever it is asked for, and some formats never.
    if orientation == 0 or (orientation != 1 and kind != "TIFF" and not _is_turned(content, decoded)):
        orientation = 1
    return MeasuredImage(
        (decoded.shape[1], decoded.shape[0]), orientation, "" if bytewise else _darkness(content, decoded)
    )


def _asks_for_more(png: bytes) -> bool:
    """Tell whether a chunk is said to be longer than the whole file: OpenCV takes that much memory to read it."""
    at = len(_PNG)
    while at + 8 <= len(png) and png[at + 4 : at + 8] != b"IEND":
        length = int.from_bytes(png[at : at + 4])
        if length > len(png):
            return True
        at += length + 12  # with its length, type and checksum
    return False


def _decoded(content: bytes, how: int) -> NDArray[np.generic] | None:
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), how) if content else None
    except cv2.error:  # more pixels than OpenCV takes
        return None


def _orientation(image: Image.Image) -> int:
    """Return what EXIF says; 0 where that is damaged, which the image itself need not be."""
    try:
        said = image.getexif().get(_EXIF_ORIENTATION, 1)
        return int(said) if said in range(1, 9) else 1
    except Exception:
        return 0


def _is_bytewise(image: Image.Image) -> bool:
    """Tell whether values are of one byte each in the file; PIL reduces some that are not without a word."""
    tiles = getattr(image, "tile", None)
    layout = str(tiles[0][3]) if tiles else ""
    return image.mode in _BYTE_MODES and ";16" not in layout


def _is_turned(content: bytes, decoded: NDArray[np.generic]) -> bool:
    stored = _decoded(content, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return stored is not None and not np.array_equal(stored, decoded)


def _darkness(content: bytes, decoded: NDArray[np.generic]) -> str:
    """Return how an image that OpenCV makes nearly black is stored, in words."""
    stored = _decoded(content, cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype == np.uint8 or int(decoded.max()) > _DARK or not stored.any():
        return ""
    if stored.dtype == np.uint16:
        return f"a 16-bit image that uses only its lowest {int(stored.max()).bit_length()} bits"
    return f"an image of {stored.dtype} values up to {float(stored.max()):g}"
