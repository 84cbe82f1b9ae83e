import collections
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from forgetbench.errors import WeightsError
from forgetbench.model import yolo
from forgetbench.model.original import load_original
from forgetbench.model.pickles import load_inert, tensors_of


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
    from factories import tiny_architecture

    model = yolo.build(tiny_architecture(family), 3, seed=1)
    model.names = {0: "a", 1: "b", 2: "c"}
    torch.save({"model": model.half(), "ema": None, "epoch": -1}, tmp_path / "w.pt")
    found = tensors_of(load_inert(tmp_path / "w.pt")["model"])
    assert found.keys() == model.state_dict().keys()
    original = load_original(tmp_path / "w.pt")
    assert original.classes == ("a", "b", "c")
    for key, value in model.state_dict().items():
        assert torch.equal(original.model.state_dict()[key].float(), value.float()), key


@pytest.mark.assets
def test_the_official_yolov8n(assets: Path) -> None:
    original = load_original(assets / "weights" / "yolov8n.pt")
    assert sum(p.numel() for p in original.model.parameters()) == 3_157_200
    assert (original.head, original.neck, len(original.classes)) == (22, 10, 80)
    assert original.classes[0] == "person"
    assert original.classes[79] == "toothbrush"
