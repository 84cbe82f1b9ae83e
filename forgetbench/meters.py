"""What a device tells of its work: when it was done, the peak of its memory, how busy it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

import torch

from forgetbench.device import is_gpu

#: A moment in a device's work: seconds on the host's clock, or a GPU's event, which lies ahead until work reaches it.
Moment = float | torch.cuda.Event


def moment(device: torch.device) -> Moment:
    """Return the moment at which a device has done what it was given so far, without waiting for it."""
    if not is_gpu(device):
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(device))
    return event


def seconds_between(start: Moment, end: Moment) -> float:
    """Return the seconds between two moments of one device; waits for the second where it still lies ahead."""
    if isinstance(start, float) or isinstance(end, float):
        assert isinstance(start, float) and isinstance(end, float)
        return end - start
    end.synchronize()
    return float(start.elapsed_time(end)) / 1000


def solo_peak(device: torch.device, step: Callable[[], None], put_back: Callable[[], None]) -> tuple[int, int] | None:
    """Run one step alone and return its (allocated, reserved) peak in bytes above what was resident; None off CUDA.

    Args:
        device: Where the step runs.
        step: Run twice, since libraries allocate at their first call what they keep for all.
        put_back: Frees what a step leaves behind.
    """
    if not is_gpu(device):
        return None
    step()
    put_back()
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


class UtilisationSampler:
    """Samples a GPU's utilisation while the block runs; without a GPU or NVML it measures nothing.

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
    if not is_gpu(device):
        return None
    try:
        import pynvml

        pynvml.nvmlInit()
        uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
        handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
    except Exception:  # NVML is optional; whatever it lacks, utilisation is then unmeasured
        return None
    return lambda: float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
