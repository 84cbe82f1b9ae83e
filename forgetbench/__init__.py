"""forgetbench: how deep to unfreeze a COCO-pretrained YOLO, and what COCO pays for it.

>>> import forgetbench
>>> result = forgetbench.run("suites/quickstart.yaml")
>>> result.results()  # a pandas DataFrame, one row per scored thing
"""

from typing import TYPE_CHECKING, Any

from forgetbench.errors import ForgetbenchError
from forgetbench.version import __version__

if TYPE_CHECKING:
    from forgetbench.sweep.execute import run_suite as run


__all__ = ["ForgetbenchError", "__version__", "run"]


def __getattr__(name: str) -> Any:
    if name == "run":  # which needs PyTorch, and other uses of the package do not
        from forgetbench.sweep.execute import run_suite

        return run_suite
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
