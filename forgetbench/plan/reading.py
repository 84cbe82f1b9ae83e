"""Reading a suite and checking all that follows from its text and the cards it names: at once, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forgetbench.data.cards.card import resolve
from forgetbench.suite.load import LoadedSuite, load_suite, suite_from_mapping
from forgetbench.train.strategies import check_strategies


def read_suite(suite: str | Path | Mapping[str, Any] | LoadedSuite, overrides: Sequence[str] = ()) -> LoadedSuite:
    """Return a suite, checked in everything that can be checked without models and data.

    Args:
        suite: A suite file or name, its content as a mapping, or one that was read before.
        overrides: Changes such as `train.epochs=2`; one that was read before has them already.

    Raises:
        SuiteError: it cannot be read, or a key, a value or a strategy is none.
        DataError: there is no card of a name that it gives.
    """
    if isinstance(suite, LoadedSuite):
        return suite
    if isinstance(suite, Mapping):
        loaded = LoadedSuite(suite_from_mapping(suite, overrides=overrides), Path("suite.yaml"), ())
    else:
        loaded = load_suite(Path(suite), overrides)
    for index, arm in enumerate(loaded.suite.arms):
        check_strategies(arm.strategy, f"arms[{index}].strategy")
    for section in (loaded.suite.target, loaded.suite.reference):
        resolve(section, loaded.folder)
    return loaded
