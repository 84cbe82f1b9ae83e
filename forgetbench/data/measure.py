"""Opening an image once before it is used: its size, how its file says it is turned, and whether it can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from forgetbench.files import MOST_IMAGE_BYTES, open_regular, regular_bytes

_EXIF_ORIENTATION = 274
#: Formats that PIL and OpenCV agree on; others are tried with OpenCV, which is what decodes them later.
_COMMON_FORMATS = frozenset({"JPEG", "PNG", "BMP"})
#: PIL's modes of one byte a value; of the others OpenCV keeps the upper byte alone.
_BYTE_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
#: An image of which OpenCV leaves no value above this, out of 255, is black to the eye and to a model.
_DARK = 16


# What is wrong with an image is reported, not printed by the decoder.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class CorruptImageError(Exception):
    """An image file cannot be decoded in full."""


@dataclass(frozen=True)
class Measured:
    """What is known of an image's pixels.

    Attributes:
        size: (width, height) in pixels as `cv2.imdecode` gives the image, after EXIF rotation.
        orientation: How EXIF says the stored image is to be turned, 1 to 8, as far as decoding does it; 1 for not.
        dark: What makes the decoded image nearly black though the file holds more; empty if nothing does.
    """

    size: tuple[int, int]
    orientation: int = 1
    dark: str = ""

    @property
    def stored(self) -> tuple[int, int]:
        """(width, height) of the image before it is turned."""
        return self.size[::-1] if self.orientation >= 5 else self.size


def measure_image(path: Path) -> Measured:
    """Decode an image in full.

    Raises:
        CorruptImageError: the file is empty, truncated or not an image that OpenCV decodes.
        FileNotFoundError: there is no such file.
    """
    try:
        with open_regular(path) as file, Image.open(file) as image:
            size, kind = image.size, image.format
            bytewise, orientation = _is_bytewise(image), _orientation(image)  # in this order: EXIF may load the image
            # A JPEG at an eighth of its size is read to the end all the same, in half the time.
            image.draft(None, (max(1, size[0] // 8), max(1, size[1] // 8)))
            image.load()
        if kind in _COMMON_FORMATS and orientation == 1 and bytewise:
            return Measured(size)
    except FileNotFoundError:
        raise
    except UnidentifiedImageError as error:
        # OpenCV knows kinds of TIFF that PIL does not.
        kind, orientation, bytewise = None, 1, False
        try:
            unknown = _decoded(path, cv2.IMREAD_COLOR) is None
        except OSError as problem:
            raise CorruptImageError(str(problem)) from problem
        if unknown:
            raise CorruptImageError("the file is of no format that can be read") from error
    # PIL's plug-ins raise what their parsers raise: SyntaxError, struct.error, ValueError and more.
    except Exception as error:
        raise CorruptImageError(" ".join(str(error).replace(str(path), "the file").split())) from error
    decoded = _decoded(path, cv2.IMREAD_COLOR)
    if decoded is None:
        raise CorruptImageError("OpenCV cannot decode it")
    # OpenCV turns TIFF whatever it is asked for, and some formats never.
    if orientation == 0 or (orientation != 1 and kind != "TIFF" and not _is_turned(path, decoded)):
        orientation = 1
    return Measured((decoded.shape[1], decoded.shape[0]), orientation, "" if bytewise else _darkness(path, decoded))


def _decoded(path: Path, how: int) -> NDArray[np.generic] | None:
    encoded = np.frombuffer(regular_bytes(path, MOST_IMAGE_BYTES), dtype=np.uint8)
    try:
        return cv2.imdecode(encoded, how) if encoded.size else None
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


def _is_turned(path: Path, decoded: NDArray[np.generic]) -> bool:
    stored = _decoded(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return stored is not None and not np.array_equal(stored, decoded)


def _darkness(path: Path, decoded: NDArray[np.generic]) -> str:
    """Return how an image that OpenCV makes nearly black is stored, in words."""
    stored = _decoded(path, cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype == np.uint8 or int(decoded.max()) > _DARK or not stored.any():
        return ""
    if stored.dtype == np.uint16:
        return f"a 16-bit image that uses only its lowest {int(stored.max()).bit_length()} bits"
    return f"an image of {stored.dtype} values up to {float(stored.max()):g}"
