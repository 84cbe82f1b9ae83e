"""What a run was made with: versions, code and hardware, but no name of a machine or folder."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from forgetbench.device import available_cores, name_and_cuda
from forgetbench.record.code import code_version

PACKAGES = (
    "torch",
    "torchvision",
    "ultralytics",
    "numpy",
    "hotcoco",
    "pycocotools",
    "pandas",
    "scipy",
    "matplotlib",
    "opencv-python",
    "albumentations",
    "grad-cam",
)
#: Variables that decide how sums are ordered, and so the last bits.
VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_TF32_OVERRIDE",
)


def software() -> dict[str, str | None]:
    """Return the versions of Python, of what decides numbers, and of forgetbench with its commit."""
    ours = {name: version for name, version in code_version().items() if name != "dirty"}
    return {"python": platform.python_version(), **ours, **{name: _version(name) for name in PACKAGES}}


def environment(device: torch.device) -> dict[str, Any]:
    """Return versions, platform and hardware; Ultralytics augments with `albumentations` where it is installed."""
    name, cuda = name_and_cuda(device)
    return {
        **code_version(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": available_cores(),
        "threads": torch.get_num_threads(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "device": name,
        "cuda": cuda,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str | None:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or None
