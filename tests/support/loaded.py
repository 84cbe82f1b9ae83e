"""What a command or a few lines of Python load, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What takes long to import.
HEAVY = ("torch", "torchvision", "ultralytics", "pandas", "numpy", "cv2", "scipy", "matplotlib")
_COMMANDS = """
import json, sys
from forgetbench.cli.main import main
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments, prog_name="forgetbench")
    except SystemExit as end:
        loaded = [name for name in json.loads(sys.argv[2]) if name in sys.modules]
        print(json.dumps([end.code, loaded]), file=sys.stderr)
"""


def python(code: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python with this forgetbench on the path."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)


def loaded_by(
    commands: Sequence[Sequence[str]], folder: Path, names: Sequence[str] = HEAVY
) -> list[tuple[int, list[str]]]:
    """Return the exit code of each command, and which of the packages named are loaded after it; one process for all.

    Args:
        commands: Command lines without `forgetbench`.
        folder: The working folder.
        names: Packages.
    """
    done = python(_COMMANDS, json.dumps(commands), json.dumps(names), folder=folder)
    found = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
    return [(code, loaded) for code, loaded in found]
