"""The one place that knows about hardware: which device, its threads, memory, layout, precision, and what it repeats.

What a device tells of its work (times, peaks of memory, utilisation) is in `meters.py`, which asks here what it is.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import nn

from forgetbench.errors import InputError

#: Kinds of device that runs are made for. Apple's mps is not one: it lacks float64, and nobody compared it with a CPU.
KINDS = ("cpu", "cuda")
#: Most loader processes that are of use: Ultralytics' default.
MOST_WORKERS = 8
#: Most threads that compute side by side; Python runs one at a time between their operations.
MOST_COMPUTING = 4


def pick_device(name: str | None = None) -> torch.device:
    """Return the named device, else the first CUDA device, else the CPU.

    Raises:
        InputError: this machine has no such device, or it is of a kind that runs are not made for.
    """
    if name:
        try:
            named = torch.device(name)
            if named.type in KINDS:
                torch.empty(0, device=named)
        except Exception as error:  # the kind depends on what is missing: the name, the build, the driver, the index
            known = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
            raise InputError("no such device", where=name, expected=f"one of {', '.join(known)}") from error
        if named.type not in KINDS:
            raise InputError(
                "forgetbench does not compute on this kind of device",
                where=name,
                expected="cpu, or cuda and a number such as cuda:0",
                fix="Use --device cpu.",
            )
        return named
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def first_device(kind: str) -> torch.device:
    """Return the first device of a kind: the one of a process that sees no other GPU."""
    return torch.device(kind, 0) if kind == "cuda" else torch.device(kind)


def is_gpu(device: torch.device) -> bool:
    """Tell whether a device works on its own while the host goes on, with memory of its own."""
    return device.type == "cuda"


def gpus_here(visible: str | None) -> list[str]:
    """Return what stands for each GPU in CUDA_VISIBLE_DEVICES, given its present value.

    Another process that sees one of them alone calls it `cuda:0`, so that its tables name the same device as all.
    """
    named = [part.strip() for part in (visible or "").split(",") if part.strip()]
    return named or [str(index) for index in range(max(1, torch.cuda.device_count()))]


def see_one_gpu(environment: MutableMapping[str, str]) -> None:
    """Let each of several tasks that Slurm began on this machine see a GPU of its own, where it sees them all.

    Nothing has looked at the GPUs before, since what is seen at first stays.
    """
    rank = environment.get("SLURM_LOCALID", "")
    if not rank.isdecimal():
        return
    gpus = gpus_here(environment.get("CUDA_VISIBLE_DEVICES"))
    if len(gpus) > 1:
        environment["CUDA_VISIBLE_DEVICES"] = gpus[int(rank) % len(gpus)]


def name_and_cuda(device: torch.device) -> tuple[str, str | None]:
    """Return a device's name, and the CUDA version in use where it is a GPU."""
    return (torch.cuda.get_device_name(device), torch.version.cuda) if is_gpu(device) else (device.type, None)


def available_cores() -> int:
    """Return the number of processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def use_all_cores(jobs: int = 1, cores: int | None = None) -> None:
    """Let PyTorch compute on all cores, unless OMP_NUM_THREADS says otherwise.

    Args:
        jobs: How many share them.
        cores: How many a job has where it is not done here.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(cores or max(1, available_cores() // jobs))


def repeat_exactly(device: torch.device) -> None:
    """Let a GPU give the same numbers for the same work, by the switches that Ultralytics sets; a CPU does so anyway.

    What has no such implementation on a GPU says so in a warning when it runs.
    """
    if not is_gpu(device):
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at the first product of matrices
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.deterministic = True
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def keep_freed_memory() -> None:
    """Let the C library keep what it frees for the next tensor, where it is glibc; elsewhere do nothing.

    By default glibc asks the kernel for every large tensor anew and gives it back, and each of its pages is cleared
    again at first touch: 2 to 3 % of the processor time of training and evaluation.
    """
    trim_threshold, top_pad, mmap_max = -1, -2, -4  # mallopt's numbers, from malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(top_pad, 256 * 2**20)


def loader_workers(device: torch.device) -> int:
    """Return how many processes load training images unless the suite says: none beside arithmetic on all cores.

    Loading is 1.5 % of a step on two cores, and a process that takes a core from it for a moment costs more than that.
    """
    return min(MOST_WORKERS, available_cores()) if is_gpu(device) else 0


def pins_memory(device: torch.device) -> bool:
    """Tell whether batches are put into page-locked memory, from which they are copied beside other work."""
    return is_gpu(device)


def to_device(module: nn.Module, device: torch.device) -> nn.Module:
    """Move a module to a device in channels_last layout, the faster one for convolutions there and on CPU."""
    return module.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def image_batch(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return uint8 images (B, 3, H, W) on the device as float32 in [0, 1], channels_last."""
    if pins_memory(device):
        images = images.pin_memory()
    moved = images.to(device, non_blocking=pins_memory(device))
    return moved.float().div_(255).contiguous(memory_format=torch.channels_last)


def batch_to_device(batch: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """Return a loader's batch with all its tensors on the device; pinned ones are copied while the host goes on."""
    return {
        key: value.to(device, non_blocking=pins_memory(device)) if isinstance(value, torch.Tensor) else value
        for key, value in batch.items()
    }


def tensors_to(values: Any, device: torch.device) -> Any:
    """Return mappings and lists of values with all tensors in them on the device."""
    if isinstance(values, torch.Tensor):
        return values.to(device)
    if isinstance(values, dict):
        return {key: tensors_to(value, device) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return type(values)([tensors_to(value, device) for value in values])
    return values


@dataclass(frozen=True)
class Precision:
    """In which precision a kind of device computes.

    Attributes:
        kind: The device's type, as PyTorch names it.
        mixed: Whether convolutions run in 16 bits and losses are scaled; else all is float32.
    """

    kind: str
    mixed: bool

    def autocast(self) -> torch.autocast:
        """Return the context that forward passes and losses run in."""
        return torch.autocast(self.kind, enabled=self.mixed)

    def scaler(self) -> torch.amp.GradScaler:
        """Return a new loss scaler; without mixed precision it passes everything through."""
        return torch.amp.GradScaler(self.kind, enabled=self.mixed)


def pick_precision(device: torch.device, amp: bool) -> Precision:
    """Return mixed precision where it is asked for and the device is a GPU, else float32."""
    return Precision(device.type, amp and is_gpu(device))


def compute_workers(device: torch.device) -> int:
    """Return how many threads may share PyTorch's own among them: a few on a CPU, one for a GPU."""
    return 1 if is_gpu(device) else min(torch.get_num_threads(), MOST_COMPUTING)


def decoding_threads(device: torch.device) -> int:
    """Return how many threads decode images to evaluate: all cores beside a GPU, few beside arithmetic on them."""
    return available_cores() if is_gpu(device) else 2


def suppresses_together(device: torch.device) -> bool:
    """Tell whether a batch's images are suppressed at once, so that the host waits once for all of them.

    On a CPU nothing is waited for, and image by image only the candidates that matter are compared.
    """
    return is_gpu(device)


def cores_wanted(device: torch.device) -> int:
    """Return how many cores this process keeps busy: PyTorch's threads, or what loads for a GPU and drives it."""
    threads = loader_workers(device) + 1 if is_gpu(device) else torch.get_num_threads()
    return min(threads, available_cores())


def free_memory(device: torch.device) -> int:
    """Return the bytes that may still be allocated where modules are kept: on the host, and on the device if apart."""
    host = int(psutil.virtual_memory().available)
    if is_gpu(device):
        return min(host, int(torch.cuda.mem_get_info(device)[0]))
    return host


def give_back_memory(device: torch.device) -> None:
    """Free what nobody refers to any more, and give a GPU's cached memory back."""
    gc.collect()
    if is_gpu(device):
        torch.cuda.empty_cache()


def synchronise(device: torch.device) -> None:
    """Wait until a device has done what it was given, so that a clock read next is true."""
    if is_gpu(device):
        torch.cuda.synchronize(device)
