import functools
import http.server
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from support.disk import disk_with
from support.factories import CLASSES, tiny_architecture, tiny_original

from forgetbench.errors import RunError, WeightsError
from forgetbench.model import yolo
from forgetbench.room import RESERVE


@pytest.mark.parametrize(
    ("name", "head", "neck", "two_heads", "parameters"),
    [("yolov8n.yaml", 22, 10, False, 3_157_200), ("yolov10n.yaml", 23, 11, True, 2_775_520)],
)
def test_indices_are_read_from_the_model(name: str, head: int, neck: int, two_heads: bool, parameters: int) -> None:
    model = yolo.build(yolo.read_architecture(Path(name)), 80, seed=0)
    assert len(yolo.modules_of(model)) - 1 == head
    assert yolo.neck_index(model) == neck
    assert yolo.has_two_heads(model) is two_heads
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert yolo.strides_of(model) == [8, 16, 32]


def test_building_is_decided_by_the_seed_and_leaves_the_callers_random_state() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = yolo.build(tiny_architecture(), 3, seed=1)
    assert torch.equal(torch.rand(1), expected)
    second, third = yolo.build(tiny_architecture(), 3, seed=1), yolo.build(tiny_architecture(), 3, seed=2)
    weight = "model.0.conv.weight"
    assert torch.equal(first.state_dict()[weight], second.state_dict()[weight])
    assert not torch.equal(first.state_dict()[weight], third.state_dict()[weight])


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_running_modules_one_by_one_equals_the_whole_model(family: str) -> None:
    original = tiny_original(family)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        whole = original.model(images)[0]
        outputs: dict[int, torch.Tensor] = {}
        keep = yolo.saved_indices(original.model)
        x = yolo.run_modules(original.modules[:12], outputs, images, keep)
        parts = yolo.run_modules(original.modules[12:], outputs, x, keep)[0]
    assert torch.equal(whole, parts)


def test_transfer_copies_all_but_the_class_rows() -> None:
    original = tiny_original()
    model = yolo.build(original.architecture, 3, seed=9)
    yolo.transfer(model, original.model, ("x", "y", "z"), cls_remap=False, seed=3)
    own, theirs = model.state_dict(), original.model.state_dict()
    differing = {key for key in own if not torch.equal(own[key], theirs[key])}
    assert differing == {f"model.22.cv3.{i}.2.{name}" for i in range(3) for name in ("weight", "bias")}
    assert model.names == {0: "x", 1: "y", 2: "z"}


def test_cls_remap_copies_rows_of_classes_with_the_same_name() -> None:
    original = tiny_original()
    model = yolo.build(original.architecture, 2, seed=9)
    yolo.transfer(model, original.model, ("bar", "new"), cls_remap=True, seed=3)
    rows, source = model.state_dict()["model.22.cv3.0.2.weight"], original.model.state_dict()["model.22.cv3.0.2.weight"]
    assert torch.equal(rows[0], source[CLASSES.index("bar")])
    assert not any(torch.equal(rows[1], source[i]) for i in range(3))


def test_fusing_keeps_the_outputs_and_the_module_it_was_given() -> None:
    original = tiny_original()
    images = torch.rand(1, 3, 64, 64)
    conv = original.modules[0]
    fused = yolo.fused_for_inference(conv)
    assert hasattr(conv, "bn")
    assert not hasattr(fused, "bn")
    with torch.no_grad():
        assert torch.allclose(conv(images), fused(images), atol=1e-5)


def test_a_head_with_two_stacks_is_fused_to_the_one_asked_for() -> None:
    original = tiny_original("yolov10")
    head: Any = original.modules[-1]
    features = [
        torch.rand(1, c[0].conv.in_channels, 64 // s, 64 // s) for c, s in zip(head.cv2, (8, 16, 32), strict=True)
    ]
    with torch.no_grad():
        one_to_one = yolo.fused_for_inference(head, one_to_one=True)(list(features))[0]
        one_to_many = yolo.fused_for_inference(head, one_to_one=False)(list(features))[0]
    assert one_to_one.shape == (1, 84, 6)  # 64 + 16 + 4 anchors, fewer than max_det
    assert one_to_many.shape == (1, 4 + 3, 84)
    assert head.cv2 is not None
    assert head.one2one_cv2 is not None


def test_gradients_pass_through_a_copy_of_a_head_used_in_inference_mode_before() -> None:
    head: Any = tiny_original("yolov10").modules[-1]
    features = [
        torch.rand(1, c[0].conv.in_channels, 64 // s, 64 // s) for c, s in zip(head.cv2, (8, 16, 32), strict=True)
    ]
    with torch.inference_mode():
        head(list(features))
    for one_to_one, shape in ((True, (1, 84, 6)), (False, (1, 4 + 3, 84))):
        given = [feature.clone().requires_grad_() for feature in features]
        predictions = yolo.differentiable(head, one_to_one)(given)[0]
        assert predictions.shape == shape
        predictions.sum().backward()
        assert all(feature.grad is not None and feature.grad.any() for feature in given)


def test_modules_with_one_output_are_told_from_others() -> None:
    modules = yolo.modules_of(yolo.build(yolo.read_architecture(Path("yolov9e.yaml")), 3, seed=0))
    kinds = {type(module).__name__: yolo.gives_one_map(module) for module in modules}
    assert {kind for kind, one in kinds.items() if not one} == {"CBLinear", "Detect"}


def test_an_activation_that_is_code_is_refused() -> None:
    architecture = {**tiny_architecture(), "activation": "__import__('os').system('true')"}
    with pytest.raises(WeightsError, match="refused activation"):
        yolo.build(architecture, 3, seed=0)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "backbone: 3\nhead: 4\n"])
def test_files_that_are_no_architecture(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.yaml").write_text(text)
    with pytest.raises(WeightsError):
        yolo.build(yolo.read_architecture(tmp_path / "net.yaml"), 3, seed=0)


@pytest.mark.parametrize(
    ("name", "strides"), [("yolov8n-p6.yaml", [8, 16, 32, 64]), ("yolov8n-p2.yaml", [4, 8, 16, 32])]
)
def test_variants_are_known_by_ultralytics_names_of_their_sizes(name: str, strides: list[int]) -> None:
    architecture = yolo.read_architecture(Path(name))
    assert architecture["scale"] == "n"
    assert yolo.strides_of(yolo.build(architecture, 2, seed=0)) == strides


def test_unknown_architecture() -> None:
    with pytest.raises(WeightsError, match="no such architecture file"):
        yolo.read_architecture(Path("yolov99z.yaml"))


def test_importing_ultralytics_leaves_the_environment_alone() -> None:
    assert "YOLO_OFFLINE" not in os.environ
    assert "YOLO_CONFIG_DIR" not in os.environ


def test_weights_are_downloaded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "served").mkdir()
    content = bytes(range(256)) * 2000
    (tmp_path / "served" / "yolov8n.pt").write_bytes(content)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(yolo, "WEIGHTS_URL", f"http://127.0.0.1:{serving.server_address[1]}")
        path = yolo.download_weights("yolov8n.pt", tmp_path / "weights")
        serving.shutdown()
    assert path == tmp_path / "weights" / "yolov8n.pt"
    assert path.read_bytes() == content
    assert list((tmp_path / "weights").iterdir()) == [path]


def test_a_download_that_fails_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yolo, "WEIGHTS_URL", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match=r"yolov8n\.pt: could not be downloaded.*by hand"):
        yolo.download_weights("yolov8n.pt", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_download_without_room_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*_: Any, **__: Any) -> None:
        raise AssertionError("begun")

    monkeypatch.setattr(yolo, "stated_bytes", lambda _: 6_000_000)
    monkeypatch.setattr(yolo, "safe_download", begun)
    disk_with(monkeypatch, RESERVE + 5_999_999)
    with pytest.raises(RunError, match=r"yolov8n\.pt: not enough room .* 6\.0 MB for the download of yolov8n\.pt"):
        yolo.download_weights("yolov8n.pt", tmp_path)
    disk_with(monkeypatch, RESERVE + 6_000_000)
    with pytest.raises(WeightsError, match="begun"):
        yolo.download_weights("yolov8n.pt", tmp_path)
