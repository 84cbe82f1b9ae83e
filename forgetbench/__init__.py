"""forgetbench: how deep to unfreeze a COCO-pretrained YOLO, and what COCO pays for it.

>>> import forgetbench
>>> run = forgetbench.run("small.yaml")  # or the name of a suite that comes with forgetbench, such as "quickstart"
>>> len(run.results())  # a pandas frame, one row per scored thing
13
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from forgetbench.errors import (
    CorruptRunError,
    DataError,
    DivergedError,
    ForgetbenchError,
    FrozenChangedError,
    InputError,
    RunError,
    RunLockedError,
    SuiteError,
    WeightsError,
)
from forgetbench.version import __version__

if "torch" not in sys.modules and "OMP_WAIT_POLICY" not in os.environ:
    # GNU's OpenMP reads it when PyTorch is loaded. By default threads spin for 300,000 turns before they sleep, which
    # beside other work makes training many times slower; this many turns are enough for a quiet machine.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

if TYPE_CHECKING:
    from forgetbench.api import (
        Checkpoint,
        Run,
        Strategy,
        check,
        clean,
        export,
        new,
        open_run,
        pack,
        price,
        recommend,
        reproduce,
        run,
        runs,
        verify,
    )

__all__ = [
    "Checkpoint", "CorruptRunError", "DataError", "DivergedError", "ForgetbenchError", "FrozenChangedError",
    "InputError", "Run", "RunError", "RunLockedError", "Strategy", "SuiteError", "WeightsError", "__version__",
    "check", "clean", "export", "new", "open_run", "pack", "price", "recommend", "reproduce", "run", "runs", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__:  # what needs more than Python itself comes when it is asked for
        from forgetbench import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
