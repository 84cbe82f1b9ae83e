"""What kind of file this is."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from forgetbench.model.file_kinds import is_checkpoint, kind_of_file, kind_of_place, looks_like_safetensors


def what(path: Path, content: bytes | None = None) -> str | None:
    if content is not None:
        path.write_bytes(content)
    found = kind_of_file(path)
    return found.what if found else None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"), (bytes(5000), "a file of zeros, of which nothing was downloaded"),
        (b"version https://git-lfs", "a Git LFS pointer, a few lines that stand for the file"),
        (b"\x1f\x8b\x08", "a gzip archive"), (b"%PDF-1.7", "a PDF document"), (b"\x89PNG\r\n", "an image"),
        (b"  <!DOCTYPE html><title>", "an HTML page, such as one that asks for a login or says 'not found'"),
        (b"<?xml version='1.0'?><net name='m'>", "an OpenVINO export"), (b"\x1c\0\0\0TFL3", "a TFLite export"),
        (b"\x08\x07\x12\x07pytorch", "an ONNX export"), (b"\x80\x04\x95", "a plain pickle"),
        (b'{"a": 1}', "a JSON text that begins '{\"a\": 1}'"), (b"hello", "a text that begins 'hello'"),
        (b" \n", "a text of blanks alone"), ("hello".encode("utf-16"), "a text that begins 'hello'"),
        (b"PK\x03\x04cut off", "the beginning of a zip archive: the download broke off, or the file is damaged"),
        (b"\xde\xad\xbe\xef" * 9, None),
    ],
)  # fmt: skip
def test_by_the_first_bytes(tmp_path: Path, content: bytes, said: str | None) -> None:
    assert what(tmp_path / "w.pt", content) == said


def test_by_a_suffix_where_bytes_do_not_tell(tmp_path: Path) -> None:
    assert what(tmp_path / "m.ENGINE", b"\xde\xad") == "a TensorRT engine"
    assert what(tmp_path / "m.weights", b"\xde\xad") == "Darknet weights"


@pytest.mark.parametrize(
    ("names", "said"),
    [(["m/constants.pkl", "m/data.pkl"], "a TorchScript export"), (["a.npy", "b.npy"], "an archive of NumPy arrays"),
     (["m/data.pkl"], "a PyTorch archive that is damaged or was packed anew"),
     (["runs/best.pt"], "a zip archive with weights inside"),
     (["m/archive_format"], "a program that torch.export wrote"), (["a.txt"], "a zip archive of other files")],
)  # fmt: skip
def test_by_what_an_archive_holds(tmp_path: Path, names: list[str], said: str) -> None:
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    assert what(tmp_path / "w.pt") == said


def test_checkpoints_and_safetensors_are_known(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "w.pt")
    save_file({"a": np.zeros(1)}, tmp_path / "w.bin.x")
    assert is_checkpoint(tmp_path / "w.pt")
    assert not is_checkpoint(tmp_path / "w.bin.x")
    assert looks_like_safetensors(tmp_path / "w.bin.x")
    assert what(tmp_path / "w.bin.x") == "a safetensors file"
    assert not looks_like_safetensors(tmp_path / "w.pt")
    (tmp_path / "lies").write_bytes((10**9).to_bytes(8, "little") + json.dumps({}).encode())
    assert not looks_like_safetensors(tmp_path / "lies")


def test_what_is_at_a_place_where_no_file_is(tmp_path: Path) -> None:
    assert kind_of_place(tmp_path / "absent") is None
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    for name in ("m_openvino_model", "unpacked/archive", "run/weights", "plain"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "unpacked" / "archive" / "data.pkl").touch()
    (tmp_path / "run" / "weights" / "best.pt").touch()
    found = {name: kind_of_place(tmp_path / name) for name in ("m_openvino_model", "unpacked", "run", "plain", "link")}
    assert {name: one and one.what for name, one in found.items()} == {
        "m_openvino_model": "a folder that a model was exported to",
        "unpacked": "a folder that a checkpoint was unpacked to",
        "run": "a folder", "plain": "a folder", "link": "a link to nothing, or to itself",
    }  # fmt: skip
    assert found["run"] is not None
    assert found["run"].fix == f"Name {tmp_path / 'run' / 'weights' / 'best.pt'}."
