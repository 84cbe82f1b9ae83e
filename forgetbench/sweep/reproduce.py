"""Running a finished run's suite again from its manifest, and comparing what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forgetbench.cache_use import using_cache
from forgetbench.device import available_cores, keep_freed_memory, pick_device
from forgetbench.errors import DataError, InputError, WeightsError, counted
from forgetbench.files import sha256_json
from forgetbench.plan.models import is_architecture
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plugins import installed_plugins
from forgetbench.progress import Progress, Silent
from forgetbench.proof.run_comparison import Comparison, compare_runs, environment_differences
from forgetbench.proof.verify import open_subject, opened
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest
from forgetbench.record.strangers import reading
from forgetbench.suite.formats import known_formats
from forgetbench.suite.load import LoadedSuite, suite_from_mapping
from forgetbench.sweep.execute import run_plan
from forgetbench.sweep.provenance import environment
from forgetbench.sweep.standing import folder_of
from forgetbench.train.strategies import GROUP as STRATEGIES

_POINT = "Or say where it is: --set target.path=PATH, --set reference.path=PATH, --set models=[PATH]."


@dataclass(frozen=True)
class Reproduction:
    """What came of running a run again.

    Attributes:
        folder: The new run.
        environment: What differs between the two runs' versions, hardware and settings, in words.
        comparison: How their results compare.
    """

    folder: RunFolder
    environment: list[str]
    comparison: Comparison


@using_cache()
def reproduce_run(
    run: str | Path,
    *,
    output: str | Path = "reproductions",
    overrides: Sequence[str] = (),
    device: str | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Run a finished run's suite again with the run's number of threads, and compare.

    Args:
        run: A run folder, or an archive that `pack_run` made.
        output: Folder that the new run is made in; an interrupted one goes on.
        overrides: Where data and weights are, e.g. `target.path=/data/fruit`; nothing else may change.
        device: Where to compute; default: the first CUDA device, else the CPU.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, packages that its formats or strategies come from are not installed, data or
            weights are missing or others, or `output` holds the run itself.
        RunError: the new run could not go on.
    """
    progress = progress or Silent()
    with opened(Path(run)) as folder:
        with reading(folder):
            manifest = open_subject(folder).folder.read_manifest()
            _require_packages(manifest, run)
        where = pick_device(device)
        keep_freed_memory()
        _use_threads(manifest["environment"]["threads"], progress)
        plan = plan_again(manifest, run, overrides, where, progress)
        if folder_of(plan, Path(output)).path.resolve() == folder.resolve():
            raise InputError("that is the run itself", where=output, expected="another folder for the new run")
        differences = list(map(str, environment_differences(manifest["environment"], environment(where))))
        for difference in differences:
            progress.message(f"differs: {difference}", "detail")
        again = run_plan(plan, Path(output), where, progress, free_threads=False)
        with reading(folder):
            comparison = compare_runs(RunFolder(folder), again, progress)
    return Reproduction(again, differences, comparison)


def _require_packages(manifest: Manifest, run: object) -> None:
    """Check that what reads the run's data and trains its arms is installed, where that comes from other packages.

    Raises:
        InputError: it is not; all packages that are missing are named.
    """
    missing: dict[str, None] = {}
    for name, package in manifest["identity"].get("packages", {}).items():
        if name not in installed_plugins(STRATEGIES):
            missing[f"{package} for the strategy '{name}'"] = None
    suite: Mapping[str, Any] = manifest["suite"]
    for role, data in (("target", manifest["data"]["target"]), ("reference", manifest["data"]["reference"])):
        name, reader = suite[role].get("format"), data.get("reader")
        if name is not None and reader is not None and name not in known_formats():
            missing[f"{reader} for the format '{name}'"] = None
    if missing:
        raise InputError(
            "the run was made with packages that are not installed here",
            where=run,
            found=", ".join(missing),
            fix="Install them in the run's versions, then run the same command again.",
        )


def _use_threads(wanted: int, progress: Progress) -> None:
    """Use the run's number of threads, or as many as there are cores, and say so."""
    cores = available_cores()
    threads = min(wanted, cores)
    torch.set_num_threads(threads)
    if wanted != threads:
        progress.message(
            f"the run computed with {wanted} threads, and {counted(cores, 'core is', 'cores are')} available "
            "here: its arithmetic cannot be repeated exactly, so results are compared within intervals",
            "warning",
        )


def plan_again(
    manifest: Manifest, run: str | Path, overrides: Sequence[str], device: torch.device, progress: Progress
) -> Plan:
    """Return the plan of a run, made of its manifest.

    Args:
        manifest: The run's.
        run: Its folder or archive; own cards and data are looked for beside its `runs` folder, then in the current one.
        overrides: Where data and weights are; nothing else may change.
        device: Where originals are trained that the run trained from an architecture.
        progress: Told what is going on.

    Raises:
        InputError: data or weights are missing or others.
    """
    suite = suite_from_mapping(manifest["suite"], f"the suite of {run}", overrides)
    try:
        plan = make_plan(
            LoadedSuite(suite, _where_it_ran(Path(run)) / "suite.yaml", ()), device=device, progress=progress
        )
    except (DataError, WeightsError) as error:
        fix = f"{error.fix} {_POINT}" if error.fix else _POINT
        known = {"where": error.where, "expected": error.expected, "found": error.found}
        raise type(error)(error.problem, **known, fix=fix, further=error.further) from error
    _check_inputs(plan, manifest["identity"], progress)
    return plan


def _where_it_ran(run: Path) -> Path:
    """Return the folder that a run was probably made in: it has `runs/<suite>/<id>`. Of an archive, the current one."""
    above = run.absolute().parents
    return above[2] if run.is_dir() and len(above) > 2 else Path.cwd()


def _check_inputs(plan: Plan, identity: Mapping[str, Any], progress: Progress) -> None:
    """Check that suite, data and weights are the run's; only an original trained from an architecture may differ.

    Raises:
        InputError: they are not.
    """
    here = plan.identity()
    if here["suite"] != identity["suite"]:
        changed = ", ".join(key for key in identity["suite"] if here["suite"].get(key) != identity["suite"][key])
        raise InputError("not the run's suite", where=changed, fix="Only places of data and weights may be set.")
    for role in ("target", "reference"):
        for part, expected in identity[role].items():
            _expect_same("data", f"{role}, {part}", here[role][part], expected)
    packages, packages_here = identity.get("packages", {}), here.get("packages", {})
    if packages != packages_here:
        named = [", ".join(f"{name} of {package}" for name, package in of.items()) for of in (packages, packages_here)]
        raise InputError(
            "strategies come from other packages than the run's",
            where="identity.packages",
            expected=named[0] or "none",
            found=named[1] or "none",
            fix="Install the versions that the run was made with.",
        )
    further, further_here = identity.get("further", {}), here.get("further", {})
    for arm in further.keys() | further_here.keys():
        found, expected = (sha256_json(of.get(arm)) for of in (further_here, further))
        _expect_same("data", f"further images of {arm}", found, expected)
    for name, asked in zip(plan.originals, plan.suite.models, strict=True):
        found, expected = here["originals"][name], identity["originals"][name]
        if is_architecture(asked) and found != expected:
            progress.message(f"{name} was trained anew and is not the original of the run", "warning")
        else:
            _expect_same("weights", asked, found, expected)


def _expect_same(what: str, where: str, found: str, expected: str) -> None:
    if found != expected:
        raise InputError(
            f"not the {what} that the run was made with",
            where=where,
            expected=f"SHA-256 {expected[:12]}…",
            found=f"{found[:12]}…",
            fix=_POINT,
        )
