"""`scripts/gpu-check` without a GPU: what it counts, what it compares, and its rehearsal."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gpu import __main__ as command
from gpu.agreement import agreement
from gpu.checks import PARTS, joint, memory
from gpu.waits import counted
from gpu.work import REHEARSAL, Inputs, find_inputs
from torchvision.ops import nms

from forgetbench.evaluate.detections import Detections

CPU = torch.device("cpu")
MASK = torch.tensor([True, False, True])


def through_a_mask() -> None:
    weight = torch.ones(3, requires_grad=True)
    weight[MASK].sum().backward()  # type: ignore[no-untyped-call]


def read_on_the_host() -> None:
    copied = torch.arange(4.0).cpu()
    torch.cat([copied[copied > 1], copied]).cpu().tolist()
    float(copied[0])


@pytest.mark.parametrize(
    ("work", "kinds"),
    [
        (lambda: torch.ones(3).sum().item(), {"read": 1}),
        (lambda: bool(torch.ones(3).any()), {"read": 1}),
        (lambda: torch.ones(3).tolist(), {"read": 1}),
        (lambda: MASK.nonzero(), {"size": 1}),
        (lambda: torch.where(MASK), {"size": 1}),
        (lambda: torch.ones(3)[MASK], {"size": 1}),
        (lambda: torch.ones(3).masked_select(MASK), {"size": 1}),
        (lambda: torch.unique_consecutive(torch.ones(3)), {"size": 1}),
        (lambda: nms(torch.tensor([[0.0, 0, 1, 1]]), torch.ones(1), 0.5), {"size": 1, "upload": 1}),
        (lambda: torch.ones(3)[[0, 2]], {"upload": 1}),
        (lambda: torch.tensor([1, 2]), {"upload": 1}),
        (lambda: torch.arange(3).type_as(MASK), {"upload": 1}),
        (lambda: torch.zeros(3).masked_fill_(MASK, 2.0), {}),
        (lambda: torch.where(MASK, 1.0, 2.0), {}),
        (lambda: torch.ones(3)[torch.arange(2)], {}),
        (lambda: (torch.rand(3).topk(2), torch.rand(3).sort()), {}),
        (through_a_mask, {"size": 2}),
        (read_on_the_host, {"read": 1}),
    ],
)
@pytest.mark.parametrize("inference", [False, True])
def test_what_forces_a_wait_is_counted_and_nothing_else(
    work: Callable[[], object], kinds: dict[str, int], inference: bool
) -> None:
    if inference and work is through_a_mask:
        pytest.skip("nothing goes backward there")
    with torch.inference_mode(inference), counted() as waits:
        work()
    assert {kind: count for (kind, _), count in waits.items()} == kinds


def test_what_an_optimizer_reads_of_its_own_steps_is_on_the_host() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW([weight])
    weight.grad = torch.ones(2)
    with counted() as waits:
        optimizer.step()
    assert not waits


def found(scores: list[float], shift: float = 0.0) -> Detections:
    count = len(scores)
    boxes = np.array([[10, 10, 110, 60]] * count, np.float32) + np.float32(shift)
    return Detections(np.arange(count, dtype=np.int32), np.zeros(count, np.int16), np.array(scores, np.float32), boxes)


def test_devices_agree_where_each_has_what_the_other_has() -> None:
    one = found([0.9, 0.5, 0.06, 0.01])
    assert agreement(one, one) == {"detections": 3, "share": 1.0, "passed": True}
    assert agreement(one, found([0.91, 0.49, 0.06, 0.9], shift=0.2))["share"] == 0.75  # one more than the other has
    assert not agreement(one, found([0.9, 0.45, 0.06, 0.01]))["passed"]
    assert not agreement(one, found([0.9, 0.5, 0.06, 0.01], shift=9))["passed"]
    assert not agreement(one, replace(one, label=one.label + np.int16(1)))["passed"]
    assert not agreement(found([0.01]), found([0.01]))["passed"]  # nothing to compare is no agreement


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("gpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGETBENCH_CACHE", str(folder / "cache"))
        for variable in ("FORGETBENCH_DATA", "FORGETBENCH_ASSETS"):
            patch.delenv(variable, raising=False)
        patch.chdir(folder)
        return find_inputs(CPU, REHEARSAL, folder)


def test_branches_together_and_alone_are_held_against_each_other(inputs: Inputs) -> None:
    part = joint(inputs)
    assert part["passed"] and part["together_and_alone"]["to_the_last_bit"]
    assert not part["amp"]
    assert memory(inputs)["passed"] is None


def test_a_part_that_fails_keeps_no_other_back_and_time_is_kept(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_inputs: Inputs) -> dict[str, Any]:
        raise RuntimeError("no kernel")

    monkeypatch.setitem(PARTS, "joint", broken)
    monkeypatch.setitem(PARTS, "resumed", lambda _inputs: {"passed": True})
    parts = command.run_parts(inputs, ["joint", "resumed"], time.monotonic(), 60)
    assert (parts["joint"]["passed"], parts["joint"]["why"]) == (False, "RuntimeError: no kernel")
    assert parts["resumed"]["passed"]
    assert not command.summary(CPU, parts, 1.0)["passed"]
    late = command.run_parts(inputs, ["resumed"], time.monotonic() - 99, 60)
    assert late == {"resumed": {"passed": None, "why": "no time was left"}}


def test_it_ends_with_one_json_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PARTS, "joint", lambda _inputs: {"passed": True, "amp": False})
    monkeypatch.delenv("FORGETBENCH_ASSETS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert command.main(["--device", "cpu", "--only", "joint", "--output", "out.json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert (whole["device"], whole["rehearsal"], whole["passed"]) == ("cpu", True, True)
    assert whole == json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert command.main(["--device", "cuda:99"]) == 2
    assert capsys.readouterr().err.startswith("error: cuda:99: no such device")
