"""Valid inputs that are not text, and how they are spoilt inside: pickles, safetensors and archives."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import torch
import yaml

from forgetbench.data.annotations import save_annotations
from forgetbench.data.dataset import Dataset, Sample
from forgetbench.evaluate.detections import gather, save_detections
from forgetbench.model import yolo
from forgetbench.model.checkpoint import CheckpointInfo, save_checkpoint
from forgetbench.model.original import make_original, save_original
from fuzzing.mutations import KEYS, VALUES, mutated_bytes, mutated_value
from fuzzing.samples import ARCHITECTURE, Files

_NAMES = ("a", "b", "c")


@cache
def _model() -> tuple[yolo.Architecture, yolo.Yolo]:
    architecture = {**yaml.safe_load(ARCHITECTURE), "scale": "n"}
    return architecture, yolo.build(architecture, len(_NAMES), seed=0)


@cache
def pickled() -> list[Files]:
    """Return a checkpoint as Ultralytics' training saves it, of few tensors."""
    _, model = _model()
    model.names = dict(enumerate(_NAMES))
    content = io.BytesIO()
    torch.save({"epoch": 3, "model": model.half(), "ema": None, "train_args": {"imgsz": 64}, "date": "today"}, content)
    model.float()
    return [{"w.pt": content.getvalue()}]


@cache
def safetensors() -> list[Files]:
    """Return weights as forgetbench writes them."""
    architecture, model = _model()
    original = make_original("w", architecture, _NAMES, model.state_dict(), where="fuzz")
    with tempfile.TemporaryDirectory() as folder:
        save_original(original, Path(folder) / "w.safetensors")
        return [{"w.safetensors": (Path(folder) / "w.safetensors").read_bytes()}]


@cache
def checkpoints() -> list[Files]:
    """Return a branch's checkpoint."""
    tensors = {key: value for key, value in _model()[1].state_dict().items() if key.startswith(("model.6", "model.7"))}
    info = CheckpointInfo("m-freeze6-seed0", 2, 6, "f" * 64, _NAMES)
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder) / "x", info, tensors)
        return [{"x.safetensors": (Path(folder) / "x").read_bytes()}]


@cache
def detections() -> list[Files]:
    """Return the detections of one network."""
    rows = [(image, np.random.default_rng(image).random((5, 6), dtype=np.float32)) for image in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        save_detections(
            Path(folder) / "x", gather(rows), {"network": ["a" * 64], "dataset": "d", "settings": {"imgsz": 64}}
        )
        return [{"x.safetensors": (Path(folder) / "x").read_bytes()}]


@cache
def annotated() -> list[Files]:
    """Return a dataset's annotations."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "a.png"
        image.write_bytes(b"x")
        boxes = np.array([[1.0, 1, 5, 5], [2, 2, 9, 8]])
        one = Sample(image, 16, 12, boxes, np.array([0, 1]), np.zeros(2, np.bool_), np.array([16.0, 42]), "0" * 64)
        dataset = Dataset("d", "val", _NAMES, (one, one), Path(folder))
        save_annotations(Path(folder) / "x", dataset)
        return [{"x.safetensors": (Path(folder) / "x").read_bytes()}]


def mutated_safetensors(content: bytes, random: Random) -> bytes:
    """Return safetensors with a spoilt header, spoilt metadata in it, or spoilt bytes."""
    kind = random.randrange(4)
    if kind == 0:
        return mutated_bytes(content, random)
    length = int.from_bytes(content[:8], "little")
    header, rest = json.loads(content[8 : 8 + length]), content[8 + length :]
    if kind == 1:
        header = mutated_value(header, random)
    elif kind == 2:
        key = random.choice(list(header["__metadata__"]))
        try:
            inside = mutated_value(json.loads(header["__metadata__"][key]), random)
        except ValueError:
            inside = random.choice(VALUES)
        text = json.dumps(inside)
        header["__metadata__"][key] = (
            text if random.random() < 0.8 else mutated_bytes(text.encode(), random).decode("latin-1")
        )
    else:
        name = random.choice([name for name in header if name != "__metadata__"])
        if random.random() < 0.5:
            header[random.choice((*KEYS, *header))] = header.pop(name)
        else:
            tensor = header[name]
            tensor["dtype"] = random.choice(
                ("F64", "F32", "F16", "BF16", "I64", "I8", "BOOL", "F8_E4M3", "X", tensor["dtype"])
            )
            tensor["shape"] = random.choice(
                ([], [0], [1, *tensor["shape"]], [*tensor["shape"], 1], [2**40], tensor["shape"][::-1])
            )
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded + rest


def mutated_pickle(content: bytes, random: Random) -> bytes:
    """Return a checkpoint with a spoilt pickle inside, or spoilt itself."""
    if random.random() < 0.25:
        return mutated_bytes(content, random)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as read, zipfile.ZipFile(made, "w") as written:
        for entry in read.infolist():
            inside = read.read(entry)
            if entry.filename.endswith("data.pkl"):
                for _ in range(random.choice((1, 1, 1, 2, 3))):
                    inside = _other_pickle(inside, random)
            written.writestr(entry.filename, inside)
    return made.getvalue()


def _other_pickle(code: bytes, random: Random) -> bytes:
    """Return a pickle in which an operation, a name or a number is another."""
    kind = random.randrange(4)
    if kind == 0:
        return mutated_bytes(code, random)
    at = random.randrange(max(1, len(code) - 2))
    if kind == 1:
        return (
            code[:at]
            + random.choice((b"N", b"}", b"]", b")", b"0", b"2", b"K\x05", b"J\xff\xff\xff\x7f", b"\x88", b"(", b"t"))
            + code[at:]
        )
    words = [
        word.encode()
        for word in ("Conv", "Detect", "C2f", "yaml", "names", "_modules", "_parameters", "model", "stride", "nc")
    ]
    word = random.choice([word for word in words if word in code] or [code[at : at + 2]])
    place = random.choice([found.start() for found in re.finditer(re.escape(word), code)])
    other = bytearray(word)
    other[random.randrange(len(other))] = random.randrange(32, 127)
    alike = [known for known in words if len(known) == len(word)]
    made = bytes(other) if kind == 2 or not alike else random.choice(alike)
    return code[:place] + made + code[place + len(word) :]
