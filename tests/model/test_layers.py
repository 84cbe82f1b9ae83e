from pathlib import Path

import pytest
from support.factories import tiny_original

from forgetbench.model import yolo
from forgetbench.model.layers import describe_layers
from forgetbench.model.original import make_original


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("yolov8n.yaml", {4: 99.0, 9: 64.9, 10: 59.7, 15: 55.0, 22: 28.4}),
        ("yolov10n.yaml", {4: 98.9, 9: 71.7, 10: 65.8, 11: 56.8, 16: 51.5, 23: 33.5}),
    ],
)
def test_trainable_shares_are_the_published_ones(name: str, shares: dict[int, float]) -> None:
    architecture = yolo.read_architecture(Path(name))
    model = yolo.build(architecture, 80, seed=0)
    original = make_original("x", architecture, [str(i) for i in range(80)], model.state_dict(), where="test")
    layers = describe_layers(original, imgsz=64)
    assert {index: round(100 * layers[index].trainable_share, 1) for index in shares} == shares


def test_parts_sources_and_cost() -> None:
    original = tiny_original()
    layers = describe_layers(original, imgsz=64)
    assert [layer.part for layer in layers].count("backbone") == 10
    assert layers[11].sources == (-1, 6)
    assert layers[22].sources == (15, 18, 21)
    assert layers[10].parameters == 0
    first = original.model.state_dict()["model.0.conv.weight"]
    # 3x3 convolution, stride 2, on 64x64: 32x32 outputs, two operations per multiply-add
    assert layers[0].flops == 2 * first.numel() * 32 * 32
