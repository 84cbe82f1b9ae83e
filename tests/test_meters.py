"""What a device tells of its work: the code for a GPU runs here on stand-ins for it."""

import sys
import threading
import time
from itertools import chain, count, repeat
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from forgetbench.meters import UtilisationSampler, moment, seconds_between, solo_peak

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def test_on_a_cpu_a_moment_is_now() -> None:
    before = time.perf_counter()
    start, end = moment(CPU), moment(CPU)
    assert isinstance(start, float) and isinstance(end, float)
    assert before <= start <= end <= time.perf_counter()
    assert seconds_between(start, end) == end - start


def test_on_a_gpu_a_moment_is_waited_for_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU's clock ticks once a recorded event here."""
    ticks, waited = count(1), []

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self, stream: str) -> None:
            assert stream == "stream of cuda:0"
            self.at = next(ticks)

        def synchronize(self) -> None:
            waited.append(self.at)

        def elapsed_time(self, end: Any) -> float:
            return float(1000 * (end.at - self.at))

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    start, _, end = moment(CUDA), moment(CUDA), moment(CUDA)
    assert waited == []
    assert seconds_between(start, end) == 2
    assert waited == [3]


def test_without_cuda_nothing_is_measured() -> None:
    calls: list[int] = []
    assert solo_peak(CPU, lambda: calls.append(1), lambda: calls.append(2)) is None
    assert calls == []
    with UtilisationSampler(CPU) as sampler:
        pass
    assert sampler.mean is None


def test_a_peak_is_what_the_step_needed_above_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = {"allocated": 100, "reserved": 200}
    stand_in = SimpleNamespace(
        synchronize=lambda _device: None,
        empty_cache=lambda: None,
        memory_allocated=lambda _device: 100,
        memory_reserved=lambda _device: 200,
        reset_peak_memory_stats=lambda _device: peaks.update(allocated=100, reserved=200),
        max_memory_allocated=lambda _device: peaks["allocated"],
        max_memory_reserved=lambda _device: peaks["reserved"],
    )
    monkeypatch.setattr(torch, "cuda", stand_in)
    needs = iter([(900, 999), (175, 456)])  # the first call takes what libraries keep
    done: list[str] = []

    def step() -> None:
        done.append("step")
        peaks.update(zip(("allocated", "reserved"), next(needs), strict=True))

    assert solo_peak(CUDA, step, lambda: done.append("put back")) == (75, 256)
    assert done == ["step", "put back", "step"]


def test_utilisation_is_the_mean_of_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = chain([0.2, 0.4], repeat(0.3))
    enough = threading.Event()

    def read() -> float:
        value = next(readings)
        if value == 0.3:
            enough.set()
        return value

    nvml = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetUtilizationRates=lambda uuid: SimpleNamespace(gpu=100 * read() if uuid == "GPU-own" else 0),
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: SimpleNamespace(uuid="own"))
    with UtilisationSampler(CUDA, seconds=0.001) as sampler:
        assert enough.wait(10)
    assert sampler.mean == pytest.approx(0.3)


def test_without_nvml_utilisation_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with UtilisationSampler(CUDA) as sampler:
        pass
    assert sampler.mean is None
