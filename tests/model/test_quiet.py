"""Importing Ultralytics through us, in a fresh process, leaves the process as it was."""

import subprocess
import sys

import pytest

PROGRAM = """
import os
from PIL import Image
import forgetbench  # which lets threads sleep sooner
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


LOUD = """
import logging, os, subprocess, sys, warnings
from forgetbench.model.quiet import muffled
from ultralytics.utils import LOGGER
try:
    with muffled():
        print("print")
        os.write(1, b"C++")
        subprocess.run([sys.executable, "-c", "print('process')"])
        warnings.warn("warning")
        logging.getLogger("torch").warning("log")
        LOGGER.error("failure")
        raise ValueError
except ValueError:
    LOGGER.error("heard")
    print("heard")
"""


def test_what_libraries_say_is_not_heard_and_then_it_is_again() -> None:
    done = subprocess.run([sys.executable, "-c", LOUD], capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr).split() == ["ERROR", "❌", "heard", "heard"]
