"""What kind of file this is, told by its first bytes, its table of contents or its suffix."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from forgetbench.errors import brief
from forgetbench.files import open_regular

USE_DETECTION = "Use detection weights that Ultralytics trained, such as yolov8n.pt."
EXPORTED = "Use the .pt file that it was exported from."
UNPACK = "Unpack it and name the .pt file inside."
DOWNLOAD_AGAIN = "Download it again and compare its size with the one given at the source."


@dataclass(frozen=True)
class Reason:
    """What a file is, to be read after "this is", and what to do instead."""

    what: str
    fix: str


#: First bytes of files that people take for weights, the longest match first.
_MAGIC = (
    (b"version https://", Reason("a Git LFS pointer, a few lines that stand for the file",
                                        "Run 'git lfs pull' in its repository, or download the file itself.")),
    (b"\x93NUMPY", Reason("a NumPy array", USE_DETECTION)),
    (b"\x89HDF", Reason("an HDF5 file, as Keras writes", USE_DETECTION)),
    (b"7767517", Reason("an NCNN export", EXPORTED)),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
     Reason("a file in PyTorch's format from before version 1.6",
            "Where you trust it, open it with a PyTorch of your own and write it anew with torch.save.")),
    (b"\x1f\x8b", Reason("a gzip archive", UNPACK)), (b"7z\xbc\xaf", Reason("a 7z archive", UNPACK)),
    (b"Rar!", Reason("a RAR archive", UNPACK)), (b"BZh", Reason("a bzip2 archive", UNPACK)),
    (b"\xfd7zXZ", Reason("an xz archive", UNPACK)), (b"\x28\xb5\x2f\xfd", Reason("a Zstandard archive", UNPACK)),
    (b"%PDF", Reason("a PDF document", USE_DETECTION)), (b"GGUF", Reason("a GGUF language model", USE_DETECTION)),
    (b"\x89PNG", Reason("an image", USE_DETECTION)), (b"\xff\xd8\xff", Reason("an image", USE_DETECTION)),
    (b"GIF8", Reason("an image", USE_DETECTION)), (b"SQLite format", Reason("an SQLite database", USE_DETECTION)),
    (b"MZ", Reason("a program for Windows", USE_DETECTION)), (b"\x7fELF", Reason("a program", USE_DETECTION)),
    (b"/annex/objects/", Reason("a git-annex pointer, a line that stands for the file",
                                "Run 'git annex get' on it in its repository, or download the file itself.")),
    (b"outs:\n", Reason("a DVC pointer, a few lines that stand for the file",
                        "Run 'dvc pull' in its repository, or download the file itself.")),
)  # fmt: skip
#: How folders are named that Ultralytics exports models to.
_EXPORT_FOLDERS = ("_openvino_model", "_ncnn_model", "_saved_model", "_paddle_model", "_rknn_model", "_web_model")
#: What a suffix says where the bytes do not.
_SUFFIXES = {
    ".onnx": "an ONNX export", ".engine": "a TensorRT engine", ".trt": "a TensorRT engine",
    ".plan": "a TensorRT engine", ".tflite": "a TFLite export", ".mlmodel": "a CoreML export",
    ".mlpackage": "a CoreML export", ".torchscript": "a TorchScript export", ".pb": "a TensorFlow export",
    ".pdmodel": "a PaddlePaddle export", ".pdiparams": "a PaddlePaddle export", ".bin": "an OpenVINO or NCNN export",
    ".mnn": "an MNN export", ".rknn": "an RKNN export",
}  # fmt: skip


def kind_of_file(path: Path) -> Reason | None:
    """Return what a file is and what to do about it, None where nothing tells."""
    with open_regular(path) as file:
        start = file.read(1024)
    if not start:
        return Reason("an empty file", DOWNLOAD_AGAIN)
    if not any(start):
        return Reason("a file of zeros, of which nothing was downloaded", DOWNLOAD_AGAIN)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start[: len(start) // 2 * 2].decode("utf-16", "replace").encode()
    start = start.removeprefix(b"\xef\xbb\xbf")
    for magic, reason in _MAGIC:
        if start.startswith(magic):
            return reason
    if start.startswith(b"PK"):
        return _by_archive(path)
    text = start.lstrip().lower()
    if text.startswith(b"<") and any(tag in text for tag in (b"<!doctype html", b"<html", b"<head", b"<body")):
        return Reason("an HTML page, such as one that asks for a login or says 'not found'",
                      "Download the file itself; where it needs a login, in a browser.")  # fmt: skip
    if text.startswith(b"<"):
        model = b"<net" in text
        return Reason("an OpenVINO export", EXPORTED) if model else _by_text(start, "an XML text")
    if start[4:8] == b"TFL3":
        return Reason("a TFLite export", EXPORTED)
    if start[0] == 8 and 0 < start[1] < 32 and start[2:3] in {b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42"}:
        return Reason("an ONNX export", EXPORTED)
    if b"ftrt" in start or b"ptrt" in start:
        return Reason("a TensorRT engine", EXPORTED)
    if path.suffix.lower() in _SUFFIXES:
        return Reason(_SUFFIXES[path.suffix.lower()], EXPORTED)
    if path.suffix.lower() == ".weights":
        return Reason("Darknet weights", USE_DETECTION)
    if start[257:262] == b"ustar":
        return Reason("a tar archive", UNPACK)
    if start[0] == 0x80 and start[1:2] <= b"\x05":
        return Reason("a plain pickle", "Where you trust it, open it yourself and write it anew with torch.save.")
    if looks_like_safetensors(path):
        return Reason("a safetensors file", "Give it the suffix .safetensors.")
    return _by_text(start, "a JSON text" if text[:1] in {b"{", b"["} else "a text")


def kind_of_place(path: Path) -> Reason | None:
    """Return what is at a path where no file is; None if nothing is there."""
    if path.is_dir():
        if path.suffix == ".mlpackage" or path.name.endswith(_EXPORT_FOLDERS):
            return Reason("a folder that a model was exported to", EXPORTED)
        if any(path.rglob("data.pkl")):
            return Reason("a folder that a checkpoint was unpacked to", DOWNLOAD_AGAIN)
        best = path / "weights" / "best.pt"
        return Reason("a folder", f"Name {best}." if best.is_file() else "Name the .pt file inside.")
    if path.exists():
        return Reason("a pipe or a device", "Save what it gives as a file and name that.")
    return Reason("a link to nothing, or to itself", "Put the file itself there.") if path.is_symlink() else None


def _by_text(start: bytes, kind: str) -> Reason | None:
    try:
        text = start.decode("utf-8", errors="strict" if len(start) < 1024 else "ignore").strip()
    except UnicodeDecodeError:
        return None
    if not all(char.isprintable() or char.isspace() for char in text):
        return None
    return Reason(f"{kind} that begins {brief(text[:60])}" if text else "a text of blanks alone", DOWNLOAD_AGAIN)


def _by_archive(path: Path) -> Reason:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Reason("the beginning of a zip archive: the download broke off, or the file is damaged", DOWNLOAD_AGAIN)
    last = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in last or any("/code/" in f"/{name}" for name in names):
        return Reason("a TorchScript export", EXPORTED)
    if names and all(name.endswith(".npy") for name in names):
        return Reason("an archive of NumPy arrays", USE_DETECTION)
    if "data.pkl" in last:
        return Reason("a PyTorch archive that is damaged or was packed anew", DOWNLOAD_AGAIN)
    if "archive_format" in last:
        return Reason("a program that torch.export wrote", EXPORTED)
    if any(name.endswith((".pt", ".pth")) for name in names):
        return Reason("a zip archive with weights inside", UNPACK)
    return Reason("a zip archive of other files", USE_DETECTION)


def looks_like_safetensors(path: Path) -> bool:
    """Tell whether a file starts as safetensors do: the header's length, then JSON."""
    with open_regular(path) as file:
        start = file.read(9)
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def is_checkpoint(path: Path) -> bool:
    """Tell whether a file is an archive laid out as torch.save does."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.count("/") == 1 and name.endswith("/data.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
