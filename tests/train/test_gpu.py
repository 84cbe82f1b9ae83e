"""GPU probes without a GPU: nothing measured on the CPU, and the same code on a stand-in for CUDA."""

import sys
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
import torch

from forgetbench.train import gpu
from forgetbench.train.gpu import UtilisationSampler, solo_peak

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def test_without_cuda_nothing_is_measured() -> None:
    calls: list[int] = []
    assert solo_peak(CPU, lambda: calls.append(1)) is None
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
    monkeypatch.setattr(gpu.torch, "cuda", stand_in)
    assert solo_peak(CUDA, lambda: peaks.update(allocated=175, reserved=456)) == (75, 256)


def test_utilisation_is_the_mean_of_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = chain([0.2, 0.4], repeat(0.3))
    enough = gpu.threading.Event()

    def read() -> float:
        value = next(readings)
        if value == 0.3:
            enough.set()
        return value

    monkeypatch.setattr(gpu, "_nvml_reader", lambda _device: read)
    with UtilisationSampler(CUDA, seconds=0.001) as sampler:
        assert enough.wait(10)
    assert sampler.mean == pytest.approx(0.3)


def test_without_nvml_utilisation_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with UtilisationSampler(CUDA) as sampler:
        pass
    assert sampler.mean is None
