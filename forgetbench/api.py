"""forgetbench from Python: what the commands do, and their results as objects.

All of it is offered by the package itself: `import forgetbench`, then `forgetbench.run(...)`. PyTorch is imported by
the functions that need it, once a suite's text is known to be right. Every error raised on purpose is a
`ForgetbenchError`; `forgetbench.errors` draws the tree.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from forgetbench.errors import CorruptRunError, InputError
from forgetbench.opened import Checkpoint as Checkpoint
from forgetbench.opened import Run as Run
from forgetbench.train.strategies.base import Strategy as Strategy

if TYPE_CHECKING:
    from forgetbench.housekeeping.freed import Cleaning
    from forgetbench.housekeeping.runs import RunStatus
    from forgetbench.plan.new import NewSuite
    from forgetbench.progress import Progress
    from forgetbench.proof.pack import Packed
    from forgetbench.proof.verify import Verification
    from forgetbench.ship.export import Exported
    from forgetbench.ship.price import Prices
    from forgetbench.ship.recommend import Advice
    from forgetbench.suite.load import LoadedSuite
    from forgetbench.suite.measures import WholeMeasure
    from forgetbench.sweep.estimates.check import Check
    from forgetbench.sweep.reproduce import Reproduction


def run(
    suite: str | Path | Mapping[str, Any] | LoadedSuite,
    *,
    overrides: Sequence[str] = (),
    output: str | Path = "runs",
    device: str | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    shard: str | None = None,
    executor: str | None = None,
    job_cpus: int | None = None,
    job_gpus: float | None = None,
    store: str | None = None,
) -> Run:
    """Train, score and chart a suite; go on where an earlier call with the same suite ended.

    >>> run = forgetbench.run("small.yaml")
    >>> sorted(run.results()["epoch"].unique().tolist())
    [0, 1, 2]

    Args:
        suite: A suite file, the name of one that comes with forgetbench (`quickstart`), or its content as a mapping.
        overrides: Changes such as `train.epochs=2`.
        output: Folder that run folders are made in.
        device: Where to compute, e.g. `cuda:0`; default: the first CUDA device, else the CPU.
        progress: Told what is going on.
        jobs: How many jobs are done at once on this machine, each with a GPU of its own or its share of the cores.
        shard: Which share of the jobs is done here, such as `2/8`; the run is finished by whichever ends last.
        executor: `ray` has jobs done on the nodes of a Ray cluster.
        job_cpus, job_gpus: What a job asks of its node there; default: what suits the device.
        store: The object store that nodes hand files over in, e.g. `s3://bucket/runs`; default: the run folder.

    Raises:
        InputError: something in the suite, data or weights is wrong; nothing was written.
        RunError: the run could not go on.
    """
    from forgetbench.plan.reading import read_suite

    loaded = read_suite(suite, overrides)
    from forgetbench.sweep.execute import run_suite
    from forgetbench.sweep.executors.choice import Division

    division = Division(jobs, shard, executor, job_cpus, job_gpus, store)
    folder = run_suite(loaded, output=output, device=device, progress=progress, division=division)
    return Run(folder.path)


def check(
    suite: str | Path | Mapping[str, Any] | LoadedSuite,
    *,
    overrides: Sequence[str] = (),
    device: str | None = None,
    progress: Progress | None = None,
    estimate: bool = True,
) -> Check:
    """Check a suite, its data and its weights, and say what it comes to; nothing is trained or downloaded.

    >>> found = forgetbench.check("small.yaml", estimate=False)
    >>> found.ready, [arm.label for arm in found.arms]
    (True, ['all-but-head (22)', 'backbone (10)'])
    >>> [(data.role, data.images) for data in found.data]
    [('target, training', 16), ('target', 6), ('reference', 8)]

    Args:
        suite, overrides, device, progress: As `run` takes them.
        estimate: False to leave out `costs`, likely time and disk, for which a few steps are tried.

    Raises:
        InputError: something is wrong, or is missing and nothing says how to get it.
    """
    began = time.time()
    from forgetbench.plan.reading import read_suite

    loaded = read_suite(suite, overrides)
    from forgetbench.progress import Silent
    from forgetbench.sweep.estimates.check import check_suite

    return check_suite(loaded, device=device, progress=progress or Silent(), began=began, rehearse=estimate)


def open_run(path: str | Path) -> Run:
    """Open a run's folder.

    >>> forgetbench.open_run("runs")
    Traceback (most recent call last):
        ...
    forgetbench.errors.InputError: runs: no such run; expected the folder of a run, runs/<suite>/<id>

    Raises:
        InputError: it is none, or of another version's format.
        CorruptRunError: something in it is no regular file, such as a link that leads elsewhere.
    """
    if not (Path(path) / "manifest.json").is_file():
        raise InputError("no such run", where=path, expected="the folder of a run, runs/<suite>/<id>")
    from forgetbench.record.json_record import read_record
    from forgetbench.record.run_format import refuse_other_format
    from forgetbench.record.seal import refuse_irregular

    refuse_irregular(Path(path))
    with suppress(CorruptRunError):  # which is told where more of it is asked for
        refuse_other_format(read_record(Path(path) / "manifest.json"), Path(path))
    return Run(path)


def runs(folder: str | Path = "runs") -> list[RunStatus]:
    """List the runs in a folder and below: state, when something was last written to them, size.

    >>> [(run.suite, run.state) for run in forgetbench.runs()]
    [('small', 'complete')]

    Args:
        folder: Where `run` put them.

    Raises:
        InputError: there is no such folder.
    """
    from forgetbench.housekeeping.runs import list_runs

    return list_runs(folder)


def clean(runs: Sequence[str | Path | Run] | None = None, *, yes: bool = False) -> Cleaning:
    """Say what can be freed because it is made again when it is needed, and free it if wanted.

    >>> forgetbench.clean([run]).freed
    []

    Args:
        runs: Runs, or folders of runs; None stands for those in the folder `runs` and for the cache.
        yes: Whether it is freed.

    Raises:
        InputError: a folder is not there, or has no run in it.
    """
    from forgetbench.housekeeping.clean import clean as free

    return free(None if runs is None else [*map(_path, runs)], yes=yes)


def verify(run: str | Path | Run, *, progress: Progress | None = None) -> Verification:
    """Check a finished run's files and recompute its scores, tables, summary and charts; needs no model, data or GPU.

    >>> forgetbench.verify(run).findings
    []

    Args:
        run: A finished run: its folder, or an archive that `pack` made.
        progress: Told what is going on.

    Raises:
        InputError: it is not a run, not finished, or of another version's format.
    """
    from forgetbench.proof.verify import verify_run

    return verify_run(_path(run), progress)


def pack(run: str | Path | Run, output: str | Path | None = None, *, checkpoints: bool = True) -> Packed:
    """Write a finished run as one archive to share; the same run gives the same bytes.

    >>> forgetbench.pack(run, "small.tar.gz", checkpoints=False).path.name
    'small.tar.gz'

    Args:
        run: A finished run.
        output: The archive; default: `<suite>-<id>.tar.gz` in the current folder.
        checkpoints: False leaves out the weights; the rest can be verified without them.

    Raises:
        InputError: it is not a finished run, it was changed, or it holds files that do not belong in a run.
        CorruptRunError: its seal or manifest is none.
    """
    from forgetbench.proof.pack import pack_run

    return pack_run(_path(run), None if output is None else Path(output), checkpoints=checkpoints)


def reproduce(
    run: str | Path | Run,
    *,
    output: str | Path = "reproductions",
    overrides: Sequence[str] = (),
    device: str | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Run a finished run's suite again, and compare.

    >>> forgetbench.reproduce("small.tar.gz").comparison.failures
    []

    Args:
        run: A finished run: its folder, or an archive that `pack` made.
        output: Folder that the new run is made in.
        overrides: Where data and weights are, e.g. `target.path=/data/fruit`; nothing else may change.
        device: Where to compute; default: the first CUDA device, else the CPU.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, or data or weights are missing or others.
        RunError: the new run could not go on.
    """
    from forgetbench.sweep.reproduce import reproduce_run

    return reproduce_run(_path(run), output=output, overrides=overrides, device=device, progress=progress)


def export(
    run: str | Path | Run,
    output: str | Path,
    *,
    arm: str | None = None,
    attach: str | None = None,
    epoch: int | None = None,
    head: str | None = None,
    variant: str | None = None,
    only: Literal["target", "reference"] | None = None,
    merge_classes: bool = False,
    format: str | None = None,
    half: bool = False,
    check: Literal["sample", "full"] = "sample",
    measure: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Exported:
    """Write one detector for the target's and the reference's classes, a file that needs no forgetbench to run.

    >>> made = forgetbench.export("runs/small/" + run_id, "mine.pt", arm="backbone")
    >>> [(one.role, one.images, one.alike) for one in made.compared]
    [('target', 6, True), ('reference', 8, True)]
    >>> len(made.classes.names)
    20

    Args:
        run: A finished run: its folder, or an archive that `pack` made with its checkpoints.
        output: The file to write, such as `mine.pt` or `mine.onnx`; a name without any ending gets the format's.
        arm: Name, label (its number may be left out) or freeze point; may be left out where the run has one arm.
        attach: One of the suite's attach points; default: `head`.
        epoch: One whose checkpoint was scored; default: the last.
        head: `one-to-many` or `one-to-one`, where the model has both; default: the first that was scored.
        variant: One that was scored; default: the checkpoint as trained.
        only: `target` or `reference`, for an ordinary detector of these classes alone.
        merge_classes: Whether classes of one name on both sides become one; else the target's get a suffix.
        format: `pt`, `onnx`, `openvino`, `torchscript`, `tflite`, `ncnn` or `engine`; default: what the name says.
        half: Whether the file has float16 numbers, if its format has the choice; `pt` always has them.
        check: Whether the file is run on a sample of the images or on all of them before it is written.
        measure: Whether to time the file on this machine's CPU, beside the original alone and two models in PyTorch.
        overrides: Where data and weights are, e.g. `target.path=/data/fruit`.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, or has no such arm, epoch, attach point, head or variant; data or weights
            are missing or others; or the format cannot be made here.
        RunError: the exporter fails, or the file does not detect what the run scored; nothing was written.
    """
    from forgetbench.ship.export import export_run

    return export_run(
        _path(run),
        output,
        arm=arm,
        attach=attach,
        epoch=epoch,
        head=head,
        variant=variant,
        only=only,
        merge_classes=merge_classes,
        format=format,
        half=half,
        check=check,
        timed=measure,
        overrides=overrides,
        progress=progress,
    )


def price(
    run: str | Path | Run,
    *,
    measure: bool = False,
    device: str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Prices:
    """Say what each combined detector of a run costs: operations, parameters, bytes, and on request time.

    >>> found = forgetbench.price("runs/small/" + run_id)
    >>> [(offer.label, offer.price.attach) for offer in found.offers]
    [('all-but-head (22)', 'head'), ('backbone (10)', 'head'), ('backbone (10)', 'freeze-point')]

    Args:
        run: A finished run: its folder, or an archive that `pack` made.
        measure: Whether to time each on this machine, all in turn; then data and weights have to be here.
        device: Where to measure; default: the first CUDA device, else the CPU.
        overrides: Where data and weights are, e.g. `target.path=/data/fruit`.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, or data or weights are missing or others.
    """
    from forgetbench.ship.price import price_run

    return price_run(_path(run), timed=measure, device=device, overrides=overrides, progress=progress)


def recommend(
    run: str | Path | Run,
    *,
    max_forgetting: float | None = None,
    max_gflops: float | None = None,
    keep: Sequence[str] | None = None,
    measure: WholeMeasure = "ap",
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Advice:
    """Return the combined detector of a run that gains most within bounds.

    >>> advice = forgetbench.recommend("runs/small/" + run_id, max_forgetting=0)
    >>> advice.found.verdict, advice.found.best.epoch
    ('met', 2)

    Args:
        run: A finished run: its folder, or an archive that `pack` made.
        max_forgetting: Most that may be forgotten, a fraction of the measure; the whole 95 % interval keeps to it.
        max_gflops: Most thousand million operations of one image of the evaluation's size.
        keep: Classes of the reference that forgetting is of; default: those that the run's suite keeps, or all.
        measure: What gain and forgetting are of, such as `ap50`.
        overrides: Where data and weights are; only runs that did not count operations need them.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, knows no such class, or the measure is not taken over some classes.
    """
    from forgetbench.ship.recommend import recommend_from

    return recommend_from(
        _path(run),
        max_forgetting=max_forgetting,
        max_gflops=max_gflops,
        keep=keep,
        measure=measure,
        overrides=overrides,
        progress=progress,
    )


def new(
    name: str,
    data: str | Path,
    *,
    output: str | Path = ".",
    format: str | None = None,
    names: Sequence[str] | None = None,
    classes_from: Literal[0, 1] | None = None,
    model: str = "yolov8n.pt",
    reference: str | None = None,
) -> NewSuite:
    """Look at a folder of data, and write a suite and a card for it: both or none, and never over another file.

    >>> made = forgetbench.new("mine", "photos")
    >>> made.suite.name, made.spec.format, made.data.evaluate.classes
    ('mine.yaml', 'yolo', ('ring', 'square'))

    Args:
        name: What suite, card and run folder are called.
        data: The folder, or its data.yaml.
        output: Where the two files go.
        format: The data's format, where two fit.
        names: Class names in order, for data that name none.
        classes_from: Number of the first class in YOLO label files, where it is in doubt.
        model: Pretrained weights.
        reference: Card of what they were trained on; by default the smallest subset of COCO that is here.

    Raises:
        InputError: the data are not recognised or not usable, model or reference are not known, or a file exists.
    """
    from forgetbench.plan.new import write_new_suite

    return write_new_suite(
        name,
        Path(data),
        Path(output),
        wanted=format,
        names=names,
        classes_from=classes_from,
        model=model,
        reference=reference,
    )


def _path(run: str | Path | Run) -> Path:
    return run.path if isinstance(run, Run) else Path(run)
