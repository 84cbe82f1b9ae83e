"""Files opened by their own runtimes; what they detect there is looked at where files are made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forgetbench.errors import RunError
from forgetbench.ship.formats import FORMATS
from forgetbench.ship.runtimes import opened

KINDS = {kind.name: kind for kind in FORMATS}
#: Import OpenVINO where the network and what reports its use can be seen.
PROGRAM = """
import socket, sys
def refuse(*_):
    raise SystemExit("asked the network")
socket.getaddrinfo = socket.create_connection = refuse
from forgetbench.model.quiet import import_openvino
import_openvino()
import openvino
openvino.Core()
print([name for name in sys.modules if "openvino_telemetry" in name])
"""


@pytest.mark.parametrize("name", ["onnx", "torchscript"])
def test_what_its_runtime_does_not_open_is_one_line(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"broken{KINDS[name].ending}"
    path.write_bytes(b"no model")
    with pytest.raises(RunError, match=f"cannot be opened by the runtime of its format, {name}; found") as caught:
        opened(path, KINDS[name])
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_openvino_reports_to_nobody(tmp_path: Path) -> None:
    surroundings = {**os.environ, "HOME": str(tmp_path)}
    surroundings.pop("CI", None)  # where it reports nothing anyhow
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=tmp_path, env=surroundings
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
    assert list(tmp_path.iterdir()) == []
