"""Opening an image once: size, EXIF, damage, and what decoding leaves of deep images."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, features
from support.layouts import write_image

from forgetbench.data.images.measure import CorruptImageError, measure_image

TURNED = (5, 6, 7, 8)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tif", ".gif", ".ppm", ".jpe", ".dib"])
def test_size_of_formats_that_opencv_writes(tmp_path: Path, suffix: str) -> None:
    measured = measure_image(write_image(tmp_path / f"a{suffix}", 64, 48))
    assert (measured.size, measured.orientation, measured.dark) == ((64, 48), 1, "")


@pytest.mark.parametrize(
    ("suffix", "kind"), [(".jfif", "JPEG"), (".mpo", "MPO"), (".jp2", "JPEG2000"), (".avif", "AVIF")]
)
def test_size_of_formats_that_pil_writes(tmp_path: Path, suffix: str, kind: str) -> None:
    needs = {"JPEG2000": "jpg_2000", "AVIF": "avif"}.get(kind)
    if needs and not features.check(needs):
        pytest.skip(f"Pillow is built without {kind}")
    path = tmp_path / f"a{suffix}"
    Image.new("RGB", (64, 48), (200, 10, 90)).save(path, format=kind)
    assert measure_image(path).size == (64, 48)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_size_is_what_opencv_gives_after_exif_rotation(tmp_path: Path, orientation: int, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    exif = Image.Exif()
    exif[274] = orientation
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, exif=exif)
    measured = measure_image(path)
    decoded = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert measured.size == decoded.shape[1::-1] == ((48, 64) if orientation in TURNED else (64, 48))
    assert measured.orientation == orientation
    assert measured.stored == (64, 48)


def test_orientation_that_decoding_passes_over_counts_for_nothing(tmp_path: Path) -> None:
    if not features.check("avif"):
        pytest.skip("Pillow is built without AVIF")
    path = tmp_path / "a.avif"
    exif = Image.Exif()
    exif[274] = 6
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, exif=exif)
    decoded = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    measured = measure_image(path)
    assert measured.size == decoded.shape[1::-1]
    assert (measured.orientation == 6) == (decoded.shape[1::-1] == (48, 64))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("top", "bits"), [(3, 2), (200, 8), (255, 8), (1000, 10), (4095, 12)])
def test_deep_image_that_is_nearly_black_as_decoded(
    tmp_path: Path, suffix: str, channels: int, top: int, bits: int
) -> None:
    path = tmp_path / f"a{suffix}"
    values = np.linspace(0, top, 64 * 48 * channels).astype(np.uint16).reshape(48, 64, channels)
    assert cv2.imwrite(str(path), values)
    measured = measure_image(path)
    assert measured.size == (64, 48)
    assert measured.dark == f"a 16-bit image that uses only its lowest {bits} bits"


@pytest.mark.parametrize("top", [6000, 65535])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_deep_image_that_can_be_seen(tmp_path: Path, suffix: str, top: int) -> None:
    path = tmp_path / f"a{suffix}"
    assert cv2.imwrite(str(path), np.linspace(0, top, 64 * 48).astype(np.uint16).reshape(48, 64))
    assert measure_image(path).dark == ""


def test_black_image_is_what_it_is(tmp_path: Path) -> None:
    for kind in (np.uint8, np.uint16):
        path = tmp_path / f"{kind.__name__}.png"
        assert cv2.imwrite(str(path), np.zeros((48, 64), kind))
        assert measure_image(path).dark == ""


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_truncated_image_is_corrupt(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    cv2.imwrite(str(path), noise)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(CorruptImageError, match="truncated"):
        measure_image(path)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n", b"<html>404</html>"])
def test_what_is_no_image_is_corrupt(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(CorruptImageError) as caught:
        measure_image(path)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 10_000])
def test_a_chunk_longer_than_its_file_is_never_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes, length: int
) -> None:
    """Two PNGs of a few hundred bytes for which OpenCV takes gigabytes: one PIL opens, one it does not."""
    whole = write_image(tmp_path / "a.png", 16, 12).read_bytes()
    at = whole.index(before) - 4
    path = tmp_path / "b.png"
    path.write_bytes(whole[:at] + length.to_bytes(4) + b"teXt" + whole[at:])
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(CorruptImageError, match="a chunk that is longer than the file"):
        measure_image(path)


def test_what_follows_the_end_of_a_png_is_no_chunk(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.png", 16, 12)
    path.write_bytes(path.read_bytes() + b"\xff" * 40)
    assert measure_image(path).size == (16, 12)


def test_floats_that_opencv_cannot_show_are_corrupt(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.tif"
    assert cv2.imwrite(str(path), np.random.default_rng(0).random((48, 64)).astype(np.float32))
    with pytest.raises(CorruptImageError, match="OpenCV cannot decode it"):
        measure_image(path)
    assert capfd.readouterr().err == ""


def test_absent_image_is_not_called_corrupt(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        measure_image(tmp_path / "a.jpg")
