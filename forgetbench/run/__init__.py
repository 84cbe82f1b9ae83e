"""The conductor: plan, run folder, resume.

The package can be called: `forgetbench.run("suites/bccd.yaml")` is `forgetbench.run.execute.run_suite`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from forgetbench.run.execute import run_suite

        return run_suite(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
