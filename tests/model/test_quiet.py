"""Importing Ultralytics through us, in a fresh process, leaves the process as it was."""

import subprocess
import sys

import pytest

PROGRAM = """
import os
from PIL import Image
before, open_image = dict(os.environ), Image.open
import socket
def refuse(*_):
    raise SystemExit("asked the network")
socket.getaddrinfo = socket.create_connection = refuse
import forgetbench.model.yolo
assert dict(os.environ) == before, set(os.environ.items()) ^ set(before.items())
assert Image.open is open_image
from forgetbench.device import available_cores, use_all_cores
import torch
use_all_cores()
assert torch.get_num_threads() == available_cores()
from ultralytics.utils import ONLINE, SETTINGS
assert not ONLINE
print("quiet")
"""


def test_environment_threads_and_network_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("quiet", "")
