"""What `import forgetbench` offers: names, signatures, types, and examples that hold."""

import doctest
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.finished_run import small_suite
from support.layouts import write_yolo
from support.loaded import ROOT

import forgetbench
from forgetbench import api, opened

NAMES = {
    "run", "check", "open_run", "runs", "clean", "verify", "pack", "reproduce", "export", "price", "recommend", "new",
    "Run", "Checkpoint", "Strategy", "__version__",
    "ForgetbenchError", "InputError", "SuiteError", "DataError", "WeightsError", "RunError", "RunLockedError",
    "FrozenChangedError", "DivergedError", "CorruptRunError",
}  # fmt: skip
SIGNATURES = {
    "run": "(suite, *, overrides=(), output='runs', device=None, progress=None, jobs=1, shard=None, executor=None, "
    "job_cpus=None, job_gpus=None, store=None)",
    "check": "(suite, *, overrides=(), device=None, progress=None, estimate=True)",
    "open_run": "(path)",
    "runs": "(folder='runs')",
    "clean": "(runs=None, *, yes=False)",
    "verify": "(run, *, progress=None)",
    "pack": "(run, output=None, *, checkpoints=True)",
    "reproduce": "(run, *, output='reproductions', overrides=(), device=None, progress=None)",
    "export": "(run, output, *, arm=None, attach=None, epoch=None, head=None, variant=None, only=None, "
    "merge_classes=False, format=None, half=False, check='sample', measure=False, overrides=(), "
    "progress=None)",
    "price": "(run, *, measure=False, device=None, overrides=(), progress=None)",
    "recommend": "(run, *, max_forgetting=None, max_gflops=None, keep=None, measure='ap', overrides=(), progress=None)",
    "new": "(name, data, *, output='.', format=None, names=None, classes_from=None, model='yolov8n.pt', "
    "reference=None)",
}


def test_the_names_are_these() -> None:
    assert set(forgetbench.__all__) == NAMES
    assert set(dir(forgetbench)) >= NAMES
    assert all(getattr(forgetbench, name) is not None for name in NAMES)
    with pytest.raises(AttributeError, match="has no attribute 'rnu'"):
        _ = forgetbench.rnu


@pytest.mark.parametrize(
    ("before", "variable", "found"),
    [
        ("", "", "10000"),
        ("", "GOMP_SPINCOUNT=7", "7"),
        ("", "OMP_WAIT_POLICY=passive", "None"),  # which a count would overrule
        ("import torch; ", "", "None"),
    ],
)
def test_threads_soon_sleep_while_they_wait_unless_told_otherwise_or_too_late(
    before: str, variable: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(*variable.split("="))
    code = f"{before}import os, forgetbench, torch; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_signatures_are_these(name: str) -> None:
    found = inspect.signature(getattr(forgetbench, name))
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in found.parameters.values()]
    assert str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty)) == SIGNATURES[name]


def test_type_checkers_see_them() -> None:
    pytest.importorskip("mypy")
    package = [str(ROOT / "forgetbench" / name) for name in ("__init__.py", "api.py", "opened.py", "errors.py")]
    options = ["--config-file=", "--strict", "--follow-imports=skip", "--allow-subclassing-any", "--no-warn-return-any"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *package, str(ROOT / "tests" / "typed" / "use_of_the_api.py")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def example(tmp_path: Path, small_run: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Make a folder with a suite, its finished run and data of one's own; return what the examples name."""
    monkeypatch.chdir(tmp_path)
    run = Path(shutil.copytree(small_run, Path("runs") / "small" / small_run.name))
    Path("small.yaml").write_text(yaml.safe_dump(small_suite()), encoding="utf-8")
    for part in ("train", "val"):
        labels = {f"{part}-{number}.jpg": f"{number % 2} 0.5 0.5 0.2 0.4\n" for number in range(10)}
        write_yolo(Path("photos"), labels, f"images/{part}", f"labels/{part}")
    Path("photos/data.yaml").write_text("names: [ring, square]\ntrain: images/train\nval: images/val\n")
    forgetbench.pack(run, "small.tar.gz")
    return {"forgetbench": forgetbench, "run": forgetbench.open_run(run), "run_id": run.name}


@pytest.mark.parametrize(
    ("name", "documented"),
    [
        ("forgetbench", forgetbench),
        ("Run", opened.Run),
        *((name, getattr(api, name)) for name in SIGNATURES),
    ],
)
def test_the_examples_hold(name: str, documented: object, example: dict[str, object]) -> None:
    (test,) = doctest.DocTestFinder(recurse=False).find(documented, name, globs=example)
    assert test.examples, f"{name} has no example"
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert result.failed == 0, "".join(told)
