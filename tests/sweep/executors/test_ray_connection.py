"""Being a driver of a Ray cluster: what is missing is said in a line."""

import sys

import pytest

from forgetbench.errors import InputError
from forgetbench.sweep.executors.ray_connection import import_ray


def test_without_ray_it_is_said_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"Ray is not installed. Install it: pip install 'forgetbench\[ray\]'"):
        import_ray()
