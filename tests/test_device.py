"""Hardware: the code for a GPU runs here on stand-ins for it."""

import ctypes
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from forgetbench import device
from forgetbench.device import (
    Precision,
    available_cores,
    batch_to_device,
    cores_wanted,
    decoding_threads,
    first_device,
    gpus_here,
    image_batch,
    keep_freed_memory,
    loader_workers,
    pick_device,
    pick_precision,
    repeat_exactly,
    see_one_gpu,
    suppresses_together,
    use_all_cores,
)
from forgetbench.errors import InputError

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def test_named_device_wins() -> None:
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:x"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: no such device; expected one of cpu"):
        pick_device(name)


@pytest.mark.parametrize("name", ["mps", "mps:0", "meta"])
def test_a_kind_of_device_that_runs_are_not_made_for_is_refused(name: str) -> None:
    with pytest.raises(
        InputError, match=f"^{name}: forgetbench does not compute on this kind .* expected cpu, or cuda"
    ):
        pick_device(name)


def test_all_cores_are_used_unless_the_user_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        use_all_cores()
        assert torch.get_num_threads() == 1
        monkeypatch.delenv("OMP_NUM_THREADS")
        use_all_cores()
        assert torch.get_num_threads() == available_cores()
    finally:
        torch.set_num_threads(before)


def test_image_batch_scales_to_one_and_is_channels_last() -> None:
    batch = image_batch(torch.full((2, 3, 4, 5), 255, dtype=torch.uint8), torch.device("cpu"))
    assert batch.dtype == torch.float32
    assert bool((batch == 1).all())
    assert batch.is_contiguous(memory_format=torch.channels_last)


class Recorder(torch.Tensor):
    """A tensor that stays where it is and notes how it was to be moved."""

    calls: list[Any]

    def pin_memory(self) -> "Recorder":  # type: ignore[override]
        self.calls.append("pinned")
        return self

    def to(self, where: torch.device, non_blocking: bool = False) -> "Recorder":  # type: ignore[override]
        self.calls.append((where.type, non_blocking))
        return self


def recorder(dtype: torch.dtype = torch.float32) -> Recorder:
    made = torch.zeros(1, 3, 2, 2, dtype=dtype).as_subclass(Recorder)
    made.calls = []
    return made


def test_a_whole_batch_is_copied_without_waiting_on_a_gpu_alone() -> None:
    for where, waits_not in ((CUDA, True), (CPU, False)):
        batch = {"img": recorder(torch.uint8), "bboxes": recorder(), "im_file": ["a.png"]}
        moved = batch_to_device(batch, where)
        assert moved["im_file"] == ["a.png"]
        assert [moved[key].calls for key in ("img", "bboxes")] == [[(where.type, waits_not)]] * 2


def test_images_to_evaluate_are_pinned_for_a_gpu_alone() -> None:
    for where, calls in ((CUDA, ["pinned", ("cuda", True)]), (CPU, [("cpu", False)])):
        images = recorder(torch.uint8)
        image_batch(images, where)
        assert images.calls == calls


def test_processes_load_beside_a_gpu_and_not_beside_arithmetic_on_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loader_workers(CPU) == 0
    monkeypatch.setattr(device, "available_cores", lambda: 3)
    assert loader_workers(CUDA) == 3
    monkeypatch.setattr(device, "available_cores", lambda: 64)
    assert loader_workers(CUDA) == 8


def test_a_gpu_has_images_decoded_on_all_cores_and_suppressed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "available_cores", lambda: 16)
    assert (decoding_threads(CPU), decoding_threads(CUDA)) == (2, 16)
    assert (suppresses_together(CPU), suppresses_together(CUDA)) == (False, True)


def test_cores_are_wanted_for_threads_that_compute_or_for_what_feeds_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "available_cores", lambda: 16)
    for threads in (1, 6):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert cores_wanted(CPU) == threads
    assert cores_wanted(CUDA) == 9
    monkeypatch.setattr(device, "available_cores", lambda: 4)
    assert (cores_wanted(CPU), cores_wanted(CUDA)) == (4, 4)


def test_a_gpu_is_made_to_repeat_itself_and_a_cpu_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    fills, chosen = torch.utils.deterministic.fill_uninitialized_memory, torch.backends.cudnn.deterministic  # type: ignore[attr-defined]
    try:
        repeat_exactly(CPU)
        assert not torch.are_deterministic_algorithms_enabled()
        assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
        repeat_exactly(CUDA)
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        assert torch.backends.cudnn.deterministic
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic = chosen
        torch.utils.deterministic.fill_uninitialized_memory = fills  # type: ignore[attr-defined]


def test_mixed_precision_is_for_gpus_and_only_if_asked_for() -> None:
    assert pick_precision(CUDA, amp=True) == Precision("cuda", mixed=True)
    assert not pick_precision(CUDA, amp=False).mixed
    assert not pick_precision(CPU, amp=True).mixed


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_a_freed_tensors_memory_serves_the_next_one() -> None:
    program = """
import resource, torch
from forgetbench.device import keep_freed_memory
keep_freed_memory()
sizes = (8_000_000, 5_000_000)
for size in sizes * 3:  # until both have a place
    torch.ones(size)
faults = []
for _ in range(5):  # the kernel may take pages back while the machine is short of them
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for size in sizes * 3:
        torch.ones(size)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(min(faults), sum(sizes) * 3 * 4 / resource.getpagesize())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    faults, pages = map(float, ended.stdout.split())
    assert faults < pages / 10


@pytest.mark.parametrize("library", [SimpleNamespace(), OSError("none")])
def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch, library: Any) -> None:
    def load(_name: None) -> Any:
        if isinstance(library, Exception):
            raise library
        return library

    monkeypatch.setattr(ctypes, "CDLL", load)
    keep_freed_memory()


@pytest.mark.parametrize(
    ("visible", "count", "names"),
    [
        (None, 0, ["0"]), (None, 1, ["0"]), (None, 3, ["0", "1", "2"]), ("", 2, ["0", "1"]), (" , ", 2, ["0", "1"]),
        ("2", 1, ["2"]), ("3,1", 2, ["3", "1"]), (" GPU-a , MIG-b/1 ,", 2, ["GPU-a", "MIG-b/1"]),
    ],
)  # fmt: skip
def test_gpus_are_called_what_another_process_sees_them_by(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, count: int, names: list[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert gpus_here(visible) == names


@pytest.mark.parametrize(
    ("there", "jobs", "cores", "threads"),
    [(16, 1, None, 16), (16, 4, None, 4), (16, 5, None, 3), (2, 8, None, 1), (16, 1, 6, 6), (16, 4, 6, 6)],
)
def test_jobs_share_the_cores_unless_it_is_said_otherwise(
    monkeypatch: pytest.MonkeyPatch, there: int, jobs: int, cores: int | None, threads: int
) -> None:
    used: list[int] = []
    monkeypatch.setattr(device, "available_cores", lambda: there)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    use_all_cores(jobs, cores)
    assert used == [threads]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    use_all_cores(jobs, cores)
    assert used == [threads]


@pytest.mark.parametrize(
    ("environment", "sees"),
    [
        ({"SLURM_LOCALID": "2"}, "2"),
        ({"SLURM_LOCALID": "5"}, "1"),  # of four
        ({"SLURM_LOCALID": "1", "CUDA_VISIBLE_DEVICES": "6,7"}, "7"),
        ({"SLURM_LOCALID": "1", "CUDA_VISIBLE_DEVICES": "GPU-8f"}, "GPU-8f"),  # Slurm has chosen
        ({"CUDA_VISIBLE_DEVICES": "0,1"}, "0,1"),
        ({"SLURM_LOCALID": "x"}, None),
        ({}, None),
    ],
)
def test_each_task_of_a_slurm_node_sees_a_gpu_of_its_own(
    environment: dict[str, str], sees: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    see_one_gpu(environment)
    assert environment.get("CUDA_VISIBLE_DEVICES") == sees


def test_without_slurm_nobody_looks_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: pytest.fail("looked"))
    see_one_gpu({})


def test_the_first_device_of_a_kind_is_the_one_that_a_process_sees() -> None:
    assert first_device("cuda") == torch.device("cuda", 0)
    assert first_device("cpu") == torch.device("cpu")
