"""GPU figures: utilisation through NVML, and the peak memory of one branch's solo step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

import torch


class UtilisationSampler:
    """Samples a CUDA device's utilisation while the block runs; without CUDA or NVML it measures nothing.

    Attributes:
        mean: Mean utilisation as a fraction of 1 over the samples, None if there were none.
    """

    def __init__(self, device: torch.device, seconds: float = 0.5) -> None:
        self._device, self._seconds = device, seconds
        self._samples: list[float] = []
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def mean(self) -> float | None:
        """Mean utilisation so far."""
        return sum(self._samples) / len(self._samples) if self._samples else None

    def __enter__(self) -> UtilisationSampler:
        read = _nvml_reader(self._device)
        if read is not None:
            self._thread = threading.Thread(target=self._sample, args=(read,), daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _sample(self, read: Callable[[], float]) -> None:
        while not self._done.wait(self._seconds):
            self._samples.append(read())


def _nvml_reader(device: torch.device) -> Callable[[], float] | None:
    if device.type != "cuda":
        return None
    try:
        import pynvml

        pynvml.nvmlInit()
        uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
        handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
    except Exception:  # NVML is optional; whatever it lacks, utilisation is then unmeasured
        return None
    return lambda: float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100


def solo_peak(device: torch.device, step: Callable[[], None]) -> tuple[int, int] | None:
    """Run one step alone and return its (allocated, reserved) peak in bytes above what was resident; None off CUDA."""
    if device.type != "cuda":
        return None
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    allocated, reserved = torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)
    torch.cuda.reset_peak_memory_stats(device)
    step()
    torch.cuda.synchronize(device)
    return (
        torch.cuda.max_memory_allocated(device) - allocated,
        torch.cuda.max_memory_reserved(device) - reserved,
    )
