"""Functions that do what they did, and tell what they were called with."""

from typing import Any

import pytest


def spied(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[Any]:
    """Return a list to which each call's first argument (None if there is none) is added before the call is made."""
    calls: list[Any] = []
    function = getattr(owner, name)

    def called(*given: Any, **named: Any) -> Any:
        calls.append(given[0] if given else None)
        return function(*given, **named)

    monkeypatch.setattr(owner, name, called)
    return calls
