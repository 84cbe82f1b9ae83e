"""Which format is meant, and what is refused before anything is computed."""

from pathlib import Path

import pytest

from forgetbench.errors import InputError
from forgetbench.ship import formats
from forgetbench.ship.formats import FORMATS, check_format, find_format

KINDS = {kind.name: kind for kind in FORMATS}


@pytest.mark.parametrize(
    ("output", "name", "expected"),
    [
        ("mine.pt", None, ("pt", "mine.pt")),
        ("a.b/mine.onnx", None, ("onnx", "a.b/mine.onnx")),
        ("mine.onnx", "onnx", ("onnx", "mine.onnx")),
        ("mine_openvino_model/", None, ("openvino", "mine_openvino_model")),
        ("mine", "openvino", ("openvino", "mine_openvino_model")),
        ("mine", "engine", ("engine", "mine.engine")),
    ],
)
def test_the_name_or_the_option_says_the_format(output: str, name: str | None, expected: tuple[str, str]) -> None:
    kind, path = find_format(Path(output), name)
    assert (kind.name, path.as_posix()) == expected


@pytest.mark.parametrize(
    ("output", "name", "said"),
    [
        ("mine", None, r"mine: the file's name does not say its format; expected a name that ends in one of \.pt, "),
        ("mine.bin", None, "does not say its format"),
        ("mine.bin", "onnx", r"not one of the format onnx; expected a name that ends in \.onnx"),
        ("mine.pt", "onnx", "not one of the format onnx"),
        ("mine.onnx", "openvino", "expected a name that ends in _openvino_model"),
        ("mine.onnx", "coreml", "coreml: no such format; expected one of pt, onnx, openvino"),
    ],
)
def test_names_that_do_not_fit_are_refused(output: str, name: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        find_format(Path(output), name)


def check(name: str, output: Path = Path("x"), *, one_to_one: bool = False, half: bool = False) -> None:
    check_format(KINDS[name], output, one_to_one=one_to_one, half=half)


def test_what_is_missing_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name in ("onnxruntime", "pnnx") else "there")
    check("openvino")
    with pytest.raises(InputError) as caught:
        check("onnx")
    assert str(caught.value) == (
        "the format onnx needs packages that are not installed; found no onnxruntime. pip install 'forgetbench[export]'"
    )
    with pytest.raises(InputError, match=r"found no pnnx\. pip install ncnn pnnx==20260526"):
        check("ncnn")


def test_what_a_format_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _: "there")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="engine is made for the machine's own GPU; found no CUDA GPU here"):
        check("engine")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    check("engine", one_to_one=True)
    check("ncnn")
    with pytest.raises(InputError, match="the format ncnn cannot hold a one-to-one head"):
        check("ncnn", one_to_one=True)
    check("onnx", half=True)
    with pytest.raises(InputError, match="the format pt has no choice of float16; expected one of onnx, openvino"):
        check("pt", half=True)
    check("openvino", tmp_path / "new")
    with pytest.raises(InputError, match="is there already; expected nothing there: "):
        check("openvino", tmp_path)
    check("onnx", tmp_path / "old.onnx")
