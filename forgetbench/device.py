"""The one place that knows about hardware: which device, how many threads, which memory layout."""

from __future__ import annotations

import os

import psutil
import torch
from torch import nn

from forgetbench.errors import InputError


def pick_device(name: str | None = None) -> torch.device:
    """Return the named device, else the first CUDA device, else the CPU.

    Raises:
        InputError: this machine has no such device.
    """
    if name:
        try:
            torch.empty(0, device=name)
            return torch.device(name)
        except Exception as error:  # the kind depends on what is missing: the name, the build, the driver, the index
            known = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
            raise InputError("no such device", where=name, expected=f"one of {', '.join(known)}") from error
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def available_cores() -> int:
    """Return the number of processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def use_all_cores() -> None:
    """Let PyTorch compute on every core this process may use, unless OMP_NUM_THREADS says otherwise."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(available_cores())


def to_device(module: nn.Module, device: torch.device) -> nn.Module:
    """Move a module to a device in channels_last layout, the faster one for convolutions there and on CPU."""
    return module.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def image_batch(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return uint8 images (B, 3, H, W) on the device as float32 in [0, 1], channels_last."""
    moved = images.to(device, non_blocking=device.type == "cuda")
    return (moved.float() / 255).contiguous(memory_format=torch.channels_last)


def free_memory(device: torch.device) -> int:
    """Return the bytes that may still be allocated where modules are kept: on the host, and on the device if apart."""
    host = psutil.virtual_memory().available
    if device.type == "cuda":
        return min(host, torch.cuda.mem_get_info(device)[0])
    return host


def synchronise(device: torch.device) -> None:
    """Wait until a device has done what it was given, so that a clock read next is true."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
