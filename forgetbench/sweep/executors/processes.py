"""Jobs done by several processes of this machine at once, each with a GPU of its own or its share of the cores.

Within a job nothing is spread over devices. Branches share a trunk, so a job is one device's work already, and
data-parallel training would be other training: BatchNorm and the loss would see parts of batches, and sums be ordered
otherwise.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import SimpleQueue
from tempfile import TemporaryFile
from typing import IO

import torch

from forgetbench.device import first_device, gpus_here, is_gpu
from forgetbench.errors import ForgetbenchError, RunError
from forgetbench.faults import machine_fault
from forgetbench.record.job_files import jobs_done
from forgetbench.sweep.executor import SeparateJob, Site
from forgetbench.sweep.executors.relay import Relay
from forgetbench.sweep.executors.schedule import Schedule
from forgetbench.sweep.executors.worker import Failure

_COMMAND = [sys.executable, "-m", "forgetbench.sweep.executors.worker"]
#: Bytes of a process's last words that are read.
_LAST_WORDS = 4096


class Processes:
    """Has jobs done by processes of this machine; one that ends another way than it should ends its job alone.

    Args:
        at_once: How many jobs are done at once.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._living: set[subprocess.Popen[bytes]] = set()

    def run(self, jobs: Sequence[SeparateJob], site: Site) -> None:
        """Have all jobs done, each after those that it names.

        Raises:
            ForgetbenchError: one could not be done; those that do not rest on it have been.
        """
        schedule, slots = Schedule(jobs, jobs_done(site.folder.path), site.progress), SimpleQueue[int]()
        for slot in range(self._at_once):
            slots.put(slot)
        running: dict[Future[None], SeparateJob] = {}
        with ThreadPoolExecutor(self._at_once) as threads:
            try:
                while True:
                    for job in schedule.take_ready(self._at_once - len(running)):
                        running[threads.submit(self._do, job, site, slots)] = job
                    if not running:
                        break
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        schedule.note(running.pop(future), future.exception())
            except BaseException:
                self._end_all()
                raise
        schedule.raise_first_failure()

    def _do(self, job: SeparateJob, site: Site, slots: SimpleQueue[int]) -> None:
        slot = slots.get()
        try:
            self._do_in_process(job, site, environment_for(slot, site.device, os.environ))
        finally:
            slots.put(slot)

    def _do_in_process(self, job: SeparateJob, site: Site, environment: Mapping[str, str]) -> None:
        device = first_device(site.device.type)
        task = pickle.dumps((job, site.plan, str(site.folder.path), device, self._at_once))
        relay = Relay(job.name, site.progress)
        failure: Failure | None = None
        answered = False
        with TemporaryFile() as words, _begun(words, environment) as process:
            self._living.add(process)
            try:
                assert process.stdin is not None and process.stdout is not None
                with suppress(BrokenPipeError):  # it ended before it had read all
                    process.stdin.write(b"%d\n" % len(task) + task)
                    process.stdin.flush()
                for line in process.stdout:
                    text = line.decode("utf-8", "replace")
                    if text.startswith('{"answer": "'):
                        failure, answered = pickle.loads(bytes.fromhex(text[12:-3])), True  # noqa: S301 - from it alone
                    else:
                        relay(text)
                process.wait()
            finally:
                relay.close()
                self._living.discard(process)
                with suppress(OSError):
                    process.kill()
            if not answered:
                raise _ended(job, process.returncode, _last_line(words))
        if failure is not None:
            if failure.trace:
                failure.error.add_note(failure.trace)
            raise failure.error

    def _end_all(self) -> None:
        for process in list(self._living):
            process.kill()


def _begun(words: IO[bytes], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(_COMMAND, stdin=pipe, stdout=pipe, stderr=words, env=environment)  # noqa: S603 - our own


def environment_for(slot: int, device: torch.device, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the process that takes one of several places: its threads, and the one GPU it sees."""
    given = {**environment, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    given["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if is_gpu(device):
        gpus = gpus_here(environment.get("CUDA_VISIBLE_DEVICES"))
        given["CUDA_VISIBLE_DEVICES"] = gpus[slot % len(gpus)]
    return given


def _ended(job: SeparateJob, code: int, words: str) -> ForgetbenchError:
    """Return what to say of a process that ended before it answered."""
    known = machine_fault(RuntimeError(words)) if code >= 0 else None
    found = f"exit status {code}" + (f": {words}" if words else "")
    if code < 0:
        with suppress(ValueError):
            found = f"signal {-code} ({signal.Signals(-code).name})"
    return known or RunError(
        "the process that did this job was ended",
        where=job.name,
        found=found,
        fix="If memory ran out, do fewer jobs at once (--jobs). The same command goes on where it stopped.",
    )


def _last_line(words: IO[bytes]) -> str:
    words.seek(0, os.SEEK_END)
    words.seek(max(0, words.tell() - _LAST_WORDS))
    lines = words.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
