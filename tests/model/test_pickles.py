import collections
import os
import pickle
import sys
import types
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.factories import tiny_architecture, tiny_original

from forgetbench.errors import WeightsError
from forgetbench.model import yolo
from forgetbench.model.original import load_original, save_original
from forgetbench.model.pickles import Inert, load_inert, tensors_of


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch payload-ran",)


def test_a_pickle_that_would_run_something_is_refused_by_name_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"model": Payload()}, tmp_path / "evil.pt")
    with pytest.raises(WeightsError, match=r"evil\.pt.*'posix\.system'"):
        load_original(tmp_path / "evil.pt")
    assert not (tmp_path / "payload-ran").exists()


def test_an_allowed_module_with_a_dangerous_name_gets_an_inert_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a name inside an allowed module is never looked up, so what it would do is not done."""
    monkeypatch.chdir(tmp_path)
    code = pickle.dumps(Payload(), protocol=2).replace(b"cposix\nsystem\n", b"ctorch.nn.modules.conv\nos\n")
    with zipfile.ZipFile(tmp_path / "odd.pt", "w") as archive:
        archive.writestr("odd/data.pkl", code)
        archive.writestr("odd/version", "3")
    loaded = load_inert(tmp_path / "odd.pt")
    assert type(loaded).__mro__[1].__name__ == "Inert"
    assert not (tmp_path / "payload-ran").exists()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04broken"])
def test_bytes_that_are_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(WeightsError, match="not a PyTorch checkpoint"):
        load_inert(tmp_path / "w.pt")


def test_plain_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(pickle.dumps({"model": 1}))
    with pytest.raises(WeightsError, match="not a PyTorch checkpoint"):
        load_inert(tmp_path / "w.pt")


def test_a_checkpoint_without_a_detection_model(tmp_path: Path) -> None:
    torch.save({"model": collections.OrderedDict(a=torch.zeros(2))}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="no detection model inside"):
        load_original(tmp_path / "w.pt")


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_tensors_of_an_ultralytics_checkpoint_are_its_state_dict(tmp_path: Path, family: str) -> None:
    model = yolo.build(tiny_architecture(family), 3, seed=1)
    model.names = {0: "a", 1: "b", 2: "c"}
    torch.save({"model": model.half(), "ema": None, "epoch": -1}, tmp_path / "w.pt")
    found = tensors_of(load_inert(tmp_path / "w.pt")["model"])
    assert found.keys() == model.state_dict().keys()
    original = load_original(tmp_path / "w.pt")
    assert original.classes == ("a", "b", "c")
    for key, value in model.state_dict().items():
        assert torch.equal(original.model.state_dict()[key].float(), value.float()), key


def saved(path: Path, names: Any = None, **more: Any) -> tuple[Path, torch.Tensor]:
    """Save a tiny detection model as training does; returns the file and its first weights."""
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = {0: "a", 1: "b", 2: "c"} if names is None else names
    torch.save({"epoch": 1, "model": model, "ema": None, **more}, path)
    return path, model.state_dict()["model.0.conv.weight"]


def test_arrays_among_metrics_are_no_obstacle(tmp_path: Path) -> None:
    metrics = {"a": np.arange(3.0), "b": np.float64(0.5), "c": np.array(["x"]), "when": datetime(2023, 5, 1)}
    path, weight = saved(tmp_path / "w.pt", train_results=metrics, train_args={"project": tmp_path})
    assert torch.equal(load_original(path).model.state_dict()["model.0.conv.weight"], weight.half().float())
    assert type(load_inert(path)["train_results"]["a"]).__mro__[1] is Inert


@pytest.mark.parametrize("key", ["model", "ema"])
@pytest.mark.parametrize("half", [True, False])
def test_models_are_found_under_either_key_wrapped_or_not(tmp_path: Path, key: str, half: bool) -> None:
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = ["a", "b", "c"]
    model = model.half() if half else model
    other = {"model": None, "ema": None}
    for number, one in enumerate((model, torch.nn.DataParallel(model))):
        torch.save({**other, key: one}, tmp_path / f"{number}.pt")
    torch.save(model, tmp_path / "2.pt")
    hashes = {load_original(tmp_path / f"{number}.pt").weights_hash() for number in range(3)}
    assert len(hashes) == 1


def test_a_model_wrapped_for_several_processes_opens(tmp_path: Path) -> None:
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = ["a", "b", "c"]
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        torch.save({"model": torch.nn.parallel.DistributedDataParallel(model)}, tmp_path / "w.pt")
    finally:
        torch.distributed.destroy_process_group()
    assert load_original(tmp_path / "w.pt").classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("ultralytics.yolo.utils.loss", ("v8DetectionLoss", "BboxLoss")),
        ("ultralytics.yolo.utils.tal", ("TaskAlignedAssigner",)),
        ("ultralytics.yolo.v8.detect.train", ("Loss",)),
        ("ultralytics.yolo.utils", ("IterableSimpleNamespace",)),
        ("ultralytics.utils.loss", ("v8DetectionLoss", "E2EDetectLoss", "v10DetectLoss")),
    ],
)
def test_losses_and_settings_of_every_layout_are_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, names: tuple[str, ...]
) -> None:
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        if ".".join(parts[:end]) not in sys.modules:
            monkeypatch.setitem(sys.modules, ".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = ["a", "b", "c"]
    for name in names:
        kind = type(name, (), {"__module__": module})
        monkeypatch.setattr(sys.modules[module], name, kind, raising=False)
        setattr(model, f"own_{name}", kind())
    torch.save({"model": model}, tmp_path / "w.pt")
    assert load_original(tmp_path / "w.pt").classes == ("a", "b", "c")


def test_modules_of_another_kind_than_the_architecture_says_are_refused(tmp_path: Path) -> None:
    """Their tensors would fit, but the model would compute something else."""
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = ["a", "b", "c"]
    model.model[1].act = torch.nn.ReLU()
    torch.save({"model": model}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"expected SiLU at model\.1\.act, found ReLU"):
        load_original(tmp_path / "w.pt")


def test_layers_that_compute_otherwise_with_the_same_tensors_are_refused(tmp_path: Path) -> None:
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = ["a", "b", "c"]
    model.model[1].bn.eps = 0.01
    torch.save({"model": model}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"expected eps 0\.001 at model\.1\.bn, found eps 0\.01"):
        load_original(tmp_path / "w.pt")


def test_live_classes_that_others_registered_are_not_used(tmp_path: Path) -> None:
    """Ultralytics' own loading registers them for the whole process."""
    path, _ = saved(tmp_path / "w.pt")
    live: list[Any] = [type(yolo.build(tiny_architecture(), 3, seed=1)), print]
    with torch.serialization.safe_globals(live):
        model = load_inert(path)["model"]
        torch.save({"run": print}, tmp_path / "p.pt")
        with pytest.raises(WeightsError, match=r"refused: the file names 'builtins\.print'"):
            load_inert(tmp_path / "p.pt")
        assert set(live) <= set(torch.serialization.get_safe_globals())
    assert isinstance(model, Inert)


def test_an_archive_that_does_not_fit_its_checksums_is_damaged(tmp_path: Path) -> None:
    path, _ = saved(tmp_path / "w.pt")
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
    at = largest.header_offset + 200 + largest.file_size // 2
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="does not fit its checksums"):
        load_original(path)


def test_an_archive_without_checksums_opens(tmp_path: Path) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        path, _ = saved(tmp_path / "w.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    assert load_original(path).classes


def test_a_module_that_contains_itself_or_is_no_module(tmp_path: Path) -> None:
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = ["a", "b", "c"]
    model.model[0]._modules["again"] = model
    torch.save({"model": model}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="a module contains itself"):
        load_original(tmp_path / "w.pt")
    model.model[0]._modules = 5
    torch.save({"model": model}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="do not fit the architecture"):
        load_original(tmp_path / "w.pt")


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "w.pt", zeros=torch.zeros(2_000_000))
    with (
        zipfile.ZipFile(tmp_path / "w.pt") as plain,
        zipfile.ZipFile(tmp_path / "small.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            data = b"\0" * 60_000_000 if name.endswith("data/0") else plain.read(name)
            packed.writestr(name, data)
    with pytest.raises(WeightsError, match="unpacks to far more"):
        load_original(tmp_path / "small.pt")


def test_a_tensor_that_repeats_one_value_is_refused(tmp_path: Path) -> None:
    model = yolo.build(tiny_architecture(), 3, seed=1)
    model.names = ["a", "b", "c"]
    for parameter in model.parameters():
        parameter.data = torch.zeros(1).expand(parameter.shape)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean, module.running_var = (torch.zeros(1).expand(module.num_features) for _ in range(2))
    torch.save({"model": model}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="claim more values than the file holds"):
        load_original(tmp_path / "w.pt")


@pytest.mark.parametrize(
    "code", [b"\x80\x02}(" + b")" + b"\x85" * 300_000 + b"K\x01u.", b"\x80\x02" + b"(" * 60 + b"t" * 60 + b"."]
)
def test_deep_nesting_is_refused(tmp_path: Path, code: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("w/data.pkl", code)
        archive.writestr("w/version", "3")
    with pytest.raises(WeightsError, match="nested deeper"):
        load_original(tmp_path / "w.pt")


def changed(data: bytes, random: np.random.Generator, end: int | None = None) -> bytes:
    """Return bytes with a few of them replaced, left out or added."""
    content = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        at = int(random.integers(0, min(end or len(content), len(content))))
        content[at : at + int(random.integers(0, 4))] = random.bytes(int(random.integers(0, 4)))
    return bytes(content)


def test_damaged_files_give_one_error_each(tmp_path: Path) -> None:
    path, _ = saved(tmp_path / "w.pt")
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    save_original(tiny_original(), tmp_path / "w.safetensors")
    whole, tensors = path.read_bytes(), (tmp_path / "w.safetensors").read_bytes()
    header = 8 + int.from_bytes(tensors[:8], "little")
    random, refused = np.random.default_rng(13), 0
    for turn in range(90):
        target = tmp_path / ("x.safetensors" if turn % 3 == 0 else "x.pt")
        if turn % 3 == 0:
            target.write_bytes(changed(tensors, random, header))
        elif turn % 3 == 1:
            target.write_bytes(changed(whole, random))
        else:
            with zipfile.ZipFile(target, "w") as archive:
                for name, content in entries.items():
                    archive.writestr(name, changed(content, random) if name.endswith("data.pkl") else content)
        try:
            load_original(target)
        except WeightsError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 45


@pytest.mark.assets
def test_the_official_yolov8n(assets: Path) -> None:
    original = load_original(assets / "weights" / "yolov8n.pt")
    assert sum(p.numel() for p in original.model.parameters()) == 3_157_200
    assert (original.head, original.neck, len(original.classes)) == (22, 10, 80)
    assert original.classes[0] == "person"
    assert original.classes[79] == "toothbrush"
