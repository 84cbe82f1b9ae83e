"""Reading the JSON records of a run folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from forgetbench.errors import CorruptRunError
from forgetbench.files import regular_bytes

#: No record of a run is as large.
_MOST_BYTES = 256 << 20


def read_record(path: Path) -> dict[str, Any]:
    """Read a JSON object of a run folder.

    Raises:
        CorruptRunError: missing or unreadable.
    """
    try:
        record = json.loads(regular_bytes(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise CorruptRunError(
            "not readable",
            where=path,
            expected="a JSON record of the run",
            fix="`forgetbench run` with the run's suite makes it again; a run from elsewhere has to be sent anew.",
        ) from error
    if not isinstance(record, dict):
        raise CorruptRunError("not a record", where=path, expected="a JSON object", found=type(record).__name__)
    return record
