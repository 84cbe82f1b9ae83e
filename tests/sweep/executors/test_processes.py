"""Jobs done by processes of this machine: the bytes of one process, and one that dies is one job's loss."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import torch
from support.divided import differences, divided_plan
from support.recorder import Recorder

from forgetbench.errors import RunError
from forgetbench.plan.plan import Plan
from forgetbench.proof.verify import verify_run
from forgetbench.sweep.execute import run_plan
from forgetbench.sweep.executors.processes import Processes, environment_for

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("charts_not_drawn")


def test_two_jobs_at_once_give_the_bytes_of_one_process(divided_alone: Path, tmp_path: Path) -> None:
    told = Recorder()
    run = run_plan(divided_plan(), tmp_path, CPU, told, executor=Processes(2)).path
    assert differences(divided_alone, run) == []
    assert verify_run(run).findings == []
    assert not (run / "jobs").exists()
    trained = {f"training 2 branches of yolov8p-shapes, seed {seed}" for seed in (0, 1)}
    assert trained <= {*told.tasks}  # what processes do is shown here


def kill_one(plan: Plan, run: Path) -> str:
    """Kill the first process that trains, once it has finished an epoch; return its job."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for job in ("train-yolov8p-shapes-seed0", "train-yolov8p-shapes-seed1"):
            journal = run / "jobs" / job / "journal"
            if journal.is_file() and "state-001.pt" in journal.read_text():
                for process in psutil.Process().children():
                    with suppress(psutil.Error):
                        lock = run / "jobs" / job / ".lock"
                        if any(Path(file.path) == lock for file in process.open_files()):
                            process.kill()
                            return job
        time.sleep(0.01)
    raise AssertionError("no process trains")


def test_a_process_that_is_killed_ends_its_job_alone_and_the_run_goes_on_from_there(
    divided_alone: Path, tmp_path: Path
) -> None:
    plan, told, killed = divided_plan(), Recorder(), list[str]()
    run = tmp_path / plan.suite.name / plan.run_id()
    killer = threading.Thread(target=lambda: killed.append(kill_one(plan, run)))
    killer.start()
    with pytest.raises(RunError, match=r"seed \d: the process that did this job was ended; found signal 9 \(SIGKILL\)"):
        run_plan(plan, tmp_path, CPU, told, executor=Processes(2))
    killer.join()
    seed = killed[0][-1]
    said = f"warning: train yolov8p-shapes, seed {seed} could not be done, and others go on."
    assert any(line.startswith(said) for line in told.lines)
    done = {path.parent.name for path in run.glob("jobs/*/done.json")}
    assert done == {f"{work}-yolov8p-shapes-seed{1 - int(seed)}" for work in ("train", "score")}
    again = Recorder()
    assert run_plan(divided_plan(), tmp_path, CPU, again, executor=Processes(2)).path == run
    assert any("resuming yolov8p-shapes-seed" in line for line in again.lines)
    assert differences(divided_alone, run) == []


def test_processes_get_their_share_of_cores_and_a_gpu_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    here = {"PATH": "/bin"}
    gpu = torch.device("cuda", 0)
    threads = str(torch.get_num_threads())
    assert environment_for(0, CPU, here)["OMP_NUM_THREADS"] == threads
    assert "CUDA_VISIBLE_DEVICES" not in environment_for(0, CPU, here)
    assert [environment_for(slot, gpu, here)["CUDA_VISIBLE_DEVICES"] for slot in range(4)] == ["0", "1", "2", "0"]
    named = {"CUDA_VISIBLE_DEVICES": "5,GPU-8f"}
    assert [environment_for(slot, gpu, named)["CUDA_VISIBLE_DEVICES"] for slot in range(3)] == ["5", "GPU-8f", "5"]
    assert environment_for(1, gpu, here)["PATH"] == "/bin"


def test_an_interrupt_ends_all_processes(tmp_path: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which is ignored where tests run in the background
    plan = divided_plan()
    run = tmp_path / plan.suite.name / plan.run_id()

    def interrupt() -> None:
        until = time.monotonic() + 120
        while not list(run.glob("jobs/train-*/.lock")) and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    before = {process.pid for process in psutil.Process().children()}
    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, tmp_path, CPU, Recorder(), executor=Processes(2))
    assert {process.pid for process in psutil.Process().children()} <= before
