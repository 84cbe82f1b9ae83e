"""What is said of files that are no detection weights."""

import io
import json
import os
import pickle
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.factories import tiny_architecture, tiny_original
from torch import nn
from torch.nn.utils import prune

from forgetbench.errors import WeightsError
from forgetbench.model import yolo
from forgetbench.model.original import load_original, save_original

SECURITY = "Nothing in it was executed"


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, a=np.zeros(3))
    return file.getvalue()


def torchscript() -> bytes:
    file = io.BytesIO()
    jit: Any = torch.jit
    jit.save(jit.trace(nn.Conv2d(3, 2, 1), torch.zeros(1, 3, 4, 4)), file)
    return file.getvalue()


def legacy() -> bytes:
    file = io.BytesIO()
    torch.save({"model": torch.zeros(2)}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def archive_of(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 100)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("w.pt", b"", "an empty file"),
        ("w.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:7\n", "Git LFS pointer.*git lfs pull"),
        ("w.pt", b"\n <!DOCTYPE HTML><title>Sign in</title>", "an HTML page"),
        ("w.pt", b"<html><body>404</body></html>", "an HTML page"),
        ("w.safetensors", b"<!doctype html><p>login", "an HTML page"),
        ("w.pt", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "an XML text"),
        ("w.xml", b"<?xml version='1.0'?><net name='x'></net>", "an OpenVINO export"),
        ("w.onnx", b"\x08\x07\x12\x07pytorch\x1a\x052.0.0", "an ONNX export.*exported from"),
        ("w.pt", b"\x08\x09\x12\x07pytorch\x1a\x052.0.0", "an ONNX export"),
        ("w.engine", b"\x8e\x03\x00\x00" + bytes(range(128, 200)), "a TensorRT engine"),
        ("w.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(20), "a TFLite export"),
        ("w.mlmodel", b"\x99\x88\x77\x66", "a CoreML export"),
        ("w.pt", npz(), "an archive of NumPy arrays"),
        ("w.pt", torchscript(), "a TorchScript export"),
        ("w.pt", torchscript()[:700], "the download broke off"),
        ("w.pt", legacy(), "before version 1.6"),
        ("w.pt", pickle.dumps([1, 2]), "a plain pickle"),
        ("w.pt", archive_of("runs/best.pt"), "with weights inside"),
        ("w.pt", archive_of("notes.txt"), "a zip archive of other files"),
        ("w.pt", b'{"message": "Not Found"}', "a JSON text"),
        ("w.pt", b"nc: 80\nbackbone: []\n", "this is a text"),
        ("w.pt", b"\x1f\x8b\x08\x00", "a gzip archive"),
        ("w.pt", b"\xef\xbb\xbfversion https://git-lfs.github.com/spec/v1\noid sha256:7\n", "Git LFS pointer"),
        ("w.pt", b"version https://hawser.github.com/spec/v1\noid sha256:7\n", "Git LFS pointer"),
        ("w.pt", b"/annex/objects/SHA256E-s6--7.pt\n", "git-annex pointer.*git annex get"),
        ("w.pt", b"outs:\n- md5: 7\n  path: w.pt\n", "DVC pointer.*dvc pull"),
        ("w.pt", "<!doctype html><p>login".encode("utf-16"), "an HTML page"),
        ("w.pt", b"<head><title>x</title></head>", "an HTML page"),
        ("w.pt", b"Entry not found", "a text that begins 'Entry not found'"),
        ("w.pt", b" \n\n", "a text of blanks alone"),
        ("w.pt", bytes(3000), "a file of zeros"),
        ("w.pt", b"BZh91AY&SY", "a bzip2 archive"),
        ("w.pt", b"\xfd7zXZ\x00\x00", "an xz archive"),
        ("w.pt", b"%PDF-1.7\n", "a PDF document"),
        ("w.pt", b"\x89PNG\r\n\x1a\n", "an image"),
        ("w.pt", b"\xff\xd8\xff\xe0\x00\x10JFIF", "an image"),
        ("w.pt2", archive_of("w/archive_format", "w/data/sample_inputs/model.pt"), "torch.export"),
        ("w.pt", archive_of("w/best/data.pkl"), "damaged or was packed anew"),
        ("w.pt", b"\xf0\xf1\xf2\xf3\xf4", "bytes f0 f1 f2 f3"),
    ],
)  # fmt: skip
def test_bytes_are_named_for_what_they_are(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=f"(?s){said}") as caught:
        load_original(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert SECURITY not in str(caught.value)


def test_safetensors_by_another_name_or_another_program(tmp_path: Path) -> None:
    save_original(tiny_original(), tmp_path / "o.pt")
    with pytest.raises(WeightsError, match=r"suffix \.safetensors"):
        load_original(tmp_path / "o.pt")
    save_file(dict(tiny_original().model.state_dict()), tmp_path / "hf.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match="tensors alone, as other programs write them"):
        load_original(tmp_path / "hf.safetensors")


def saved_by(monkeypatch: pytest.MonkeyPatch, path: Path, *names: str) -> Path:
    """Save a checkpoint that names classes of modules that are not here."""
    made = []
    for name in names:
        module, _, attribute = name.rpartition(".")
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            parent = ".".join(parts[:end])
            if parent not in sys.modules:
                monkeypatch.setitem(sys.modules, parent, types.ModuleType(parent))
        kind = type(attribute, (nn.Module,), {"__module__": module})
        monkeypatch.setattr(sys.modules[module], attribute, kind, raising=False)
        made.append(kind())
    torch.save({"epoch": 1, "model": made[0], "others": made[1:]}, path)
    return path


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("models.yolo.Model", "models.common.Conv"), "YOLOv5's own repository.*yolov5nu.pt"),
        (("models.yolo.DetectionModel",), "YOLOv5's own repository"),
        (("models.yolo.Model", "models.yolo.IDetect"), "YOLOv7's own repository"),
        (("models.yolo.DetectionModel", "models.yolo.DualDDetect"), "YOLOv9's own repository"),
        (("models.models.Darknet",), "another YOLO repository"),
        (("yolov6.models.yolo.Model",), "YOLOv6"),
        (("yolox.models.yolox.YOLOX",), "YOLOX"),
        (("mmdet.models.detectors.YOLOX",), "OpenMMLab"),
        (("ultralytics.nn.modules.conv.Conv", "ultralytics.nn.extra_modules.block.Odd"), "a fork of Ultralytics"),
    ],
)
def test_other_detectors_code_is_told_as_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(WeightsError, match=said) as caught:
        load_original(saved_by(monkeypatch, tmp_path / "w.pt", *names))
    assert SECURITY not in str(caught.value)


class Shell:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch ran",)


class Evaluated:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("open('ran', 'w')",)


@pytest.mark.parametrize("payload", [Shell, Evaluated])
def test_a_foreign_name_is_what_counts_beside_another_detectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, payload: Callable[[], object]
) -> None:
    monkeypatch.chdir(tmp_path)
    saved_by(monkeypatch, tmp_path / "w.pt", "models.yolo.Model")
    plain = torch.load(tmp_path / "w.pt", weights_only=False)
    torch.save({**plain, "more": payload()}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=f"refused: the file names '(posix.system|builtins.eval)'.*{SECURITY}"):
        load_original(tmp_path / "w.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("SegmentationModel", "a segmentation model"),
        ("PoseModel", "a pose model"),
        ("OBBModel", "a model of oriented boxes"),
        ("ClassificationModel", "a classification model"),
        ("WorldModel", "a YOLO-World model"),
        ("RTDETRDetectionModel", "an RT-DETR model"),
        ("OddModel", "found OddModel"),
    ],
)
def test_models_of_other_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, said: str) -> None:
    with pytest.raises(WeightsError, match=f"{said}.*such as yolov8n.pt"):
        load_original(saved_by(monkeypatch, tmp_path / "w.pt", f"ultralytics.nn.tasks.{kind}"))


@pytest.mark.parametrize("key", [None, "model", "state_dict", "net"])
def test_a_state_dict_is_told_as_one(tmp_path: Path, key: str | None) -> None:
    tensors = tiny_original().model.state_dict()
    torch.save(tensors if key is None else {"epoch": 3, key: tensors}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"no detection model inside.*a state dict"):
        load_original(tmp_path / "w.pt")


def test_a_fused_model_is_told_as_one(tmp_path: Path) -> None:
    model = yolo.build(tiny_architecture(), 3, seed=0)
    model.names = {0: "a", 1: "b", 2: "c"}
    model.fuse(verbose=False)
    for module in model.modules():  # as releases before 8.1 left them: with a bound method among their attributes
        if hasattr(module, "forward_fuse"):
            module.forward = module.forward_fuse
    torch.save({"model": model}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"fused for inference.*training checkpoint"):
        load_original(tmp_path / "w.pt")


def test_a_json_text_needs_no_suffix(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_text(json.dumps({"a": "é" * 2000}, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(WeightsError, match="a JSON text"):
        load_original(tmp_path / "w.pt")


@pytest.mark.parametrize("name", ["ultralytics.utils.downloads.safe_download", "ultralytics.nn.tasks.load_checkpoint"])
def test_functions_of_ultralytics_are_foreign(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=f"refused: the file names '{name}'.*{SECURITY}"):
        load_original(saved_by(monkeypatch, tmp_path / "w.pt", name))


def test_a_pruned_model_is_told_as_one(tmp_path: Path) -> None:
    pruning: Any = prune
    model = nn.Conv2d(3, 2, 1)
    pruning.l1_unstructured(model, "weight", 0.5)
    torch.save({"model": model}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"a pruning .*prune\.remove") as caught:
        load_original(tmp_path / "w.pt")
    assert SECURITY not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "found nothing"),
        ({"model": None, "epoch": 3}, "found only 'model', 'epoch'"),
        (torch.zeros(3), "found a single tensor"),
        ([{"a": torch.zeros(1)}], "a state dict"),
        ({"net": {"inner": {"a": torch.zeros(1), "step": 3}}}, "a state dict"),
    ],
)
def test_content_without_a_model_is_named(tmp_path: Path, content: object, said: str) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=said):
        load_original(tmp_path / "w.pt")


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "run" / "weights").mkdir(parents=True)
    (tmp_path / "run" / "weights" / "best.pt").touch()
    (tmp_path / "m_openvino_model").mkdir()
    (tmp_path / "open" / "archive").mkdir(parents=True)
    (tmp_path / "open" / "archive" / "data.pkl").touch()
    os.mkfifo(tmp_path / "pipe.pt")
    (tmp_path / "link.pt").symlink_to(tmp_path / "gone.pt")
    for name, said in {
        "run": r"a folder\. Name .*best\.pt",
        "m_openvino_model": "a model was exported to",
        "open": "a checkpoint was unpacked to",
        "pipe.pt": "a pipe or a device",
        "link.pt": "a link to nothing",
        "none.pt": "no such weights file",
    }.items():
        with pytest.raises(WeightsError, match=said):
            load_original(tmp_path / name)


def test_a_checkpoint_with_the_suffix_of_safetensors(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"a PyTorch archive\. Give it the suffix \.pt"):
        load_original(tmp_path / "w.safetensors")


def test_safetensors_with_a_suffix_in_capitals(tmp_path: Path) -> None:
    save_original(tiny_original(), tmp_path / "o.SAFETENSORS")
    assert load_original(tmp_path / "o.SAFETENSORS").classes == tiny_original().classes
