"""From a suite's `target` or `reference` section to the datasets that are trained and scored on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from forgetbench.data.card_comparison import compare
from forgetbench.data.cards import download
from forgetbench.data.cards.card import LoadedCard, resolve
from forgetbench.data.cards.locate import find_data, look_for
from forgetbench.data.cards.transfer import OnBytes
from forgetbench.data.choose import Choice, choose, image_counts, limited
from forgetbench.data.dataset import Dataset, OddityReport, Sample
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.formats.registry import reader_of, reader_package
from forgetbench.data.images.shared import report_shared
from forgetbench.data.reading.class_list import report_alike, report_unused
from forgetbench.data.reading.source import Source
from forgetbench.errors import DataError, counted
from forgetbench.suite.data_section import Data, Role


@dataclass(frozen=True)
class LoadedData:
    """The splits of one dataset that a suite uses.

    Attributes:
        train: What is trained on; None where the role needs no training.
        evaluate: What is scored on.
        report: What was odd in these splits.
        listed: Number of images listed by split, usable or not, as cards count them; empty for drawn data.
    """

    train: Dataset | None
    evaluate: Dataset
    report: OddityReport
    listed: dict[str, int] = field(default_factory=dict)


def load_data(
    spec: Data,
    *,
    role: Role,
    suite_folder: Path | None,
    known_names: tuple[str, ...] | None = None,
    with_train: bool = False,
    fetch: bool = False,
    progress: OnBytes | None = None,
) -> LoadedData:
    """Find, read and check the data of a suite's section; nothing is written into their folder.

    Args:
        spec: The section; what a card it names says is filled in.
        role: A target needs a split to train on; a reference does not.
        suite_folder: Where the suite file is; relative paths are looked for there first.
        known_names: The model's classes, for a reference that names none.
        with_train: Load a reference's training split as well, if it has one.
        fetch: Download data that are not found, where the section names a card that says how.
        progress: Told how far a download is.

    Raises:
        DataError: the data are not found, not readable, have no such split, no usable label in a split needed, or no
            class that their card names.
        SuiteError: the card is wrong, or does not go with what the section says.
    """
    needs_train = role == "target" or with_train
    if spec.is_drawn:
        return _draw(spec, needs_train)
    renamed = not spec.model_fields_set.isdisjoint({"names", "class_by_name"})
    spec, found = resolve(spec, suite_folder)
    root = _find(spec, found, suite_folder, fetch, progress)
    try:
        source = open_source(spec, root, known_names if role == "reference" else None)
        train, evaluate = choose(spec, source, required=role == "target", needs_train=needs_train)
        counts = image_counts(spec, train, evaluate)
        if found is not None:
            compare(found.card, None if renamed else source.classes, counts, source.report)
        evaluate, subset_of = limited(spec, evaluate)
        loaded = _read_both(source, train, evaluate, counts)
    except OSError as error:
        raise unreadable(error, root) from error
    if found is not None:
        loaded = _came_through(found, loaded)
        if spec.limit == found.card.data.limit:
            subset_of = found.card.subset_of
    reader = reader_package(spec.format)
    return replace(
        loaded,
        train=None if loaded.train is None else replace(loaded.train, reader=reader),
        evaluate=replace(loaded.evaluate, subset_of=subset_of, reader=reader),
    )


def read_target(spec: Data, source: Source) -> LoadedData:
    """Read a target's splits from data that are open already, as `load_data` does without a card.

    Raises:
        DataError: the data are not readable, have no such split, or no usable label in one of them.
    """
    try:
        train, evaluate = choose(spec, source, required=True, needs_train=True)
        return _read_both(source, train, evaluate, image_counts(spec, train, evaluate))
    except OSError as error:
        raise unreadable(error, source.root) from error


def _read_both(source: Source, train: Choice | None, evaluate: Choice, counts: dict[str, int]) -> LoadedData:
    choices = [evaluate] if train is None else [train, evaluate]
    images = source.one_record_a_file(*(choice.images for choice in choices))
    read = source.read(*images)
    report_alike(source.classes, source.root.name, source.report)
    splits = [_dataset(source, choice, samples) for choice, samples in zip(choices, read, strict=True)]
    if train is not None:
        report_shared(splits[0], splits[1], source.report)
        report_unused(source.classes, splits[0], splits[1], source.report)
    return LoadedData(None if train is None else splits[0], splits[-1], source.report, counts)


def _draw(spec: Data, needs_train: bool) -> LoadedData:
    # Imported here: most runs draw nothing.
    from forgetbench.data.shapes.world import draw_world

    evaluate = draw_world(spec, "evaluate")
    train = draw_world(spec, "train") if needs_train else None
    return LoadedData(train, replace(evaluate, samples=evaluate.samples[: spec.limit]), OddityReport())


def _find(
    spec: Data, found: LoadedCard | None, suite_folder: Path | None, fetch: bool, progress: OnBytes | None
) -> Path:
    path = spec.path or ""
    try:
        # Data that the suite looks for in a place of its own are not those that the card fetches.
        if found is None or path != found.card.path:
            return find_data(path, suite_folder)
        if fetch and found.card.archives:
            return look_for(path, suite_folder) or download.fetch(found, progress)
        return find_data(path, suite_folder, download.how_to_get(found))
    except OSError as error:
        raise unreadable(error, path) from error


def _came_through(found: LoadedCard, loaded: LoadedData) -> LoadedData:
    """Return data named by their card and with its word on where they came from."""
    name, origin = found.card.name, download.origin_of(found.card)
    train = None if loaded.train is None else replace(loaded.train, name=name, origin=origin)
    return replace(loaded, train=train, evaluate=replace(loaded.evaluate, name=name, origin=origin))


def unreadable(error: OSError, where: object) -> DataError:
    """Return the error for data that this user may not read, or that are not where they were."""
    return DataError(
        "cannot be read",
        where=error.filename or where,
        expected="files and folders that this user may read",
        found=error.strerror or error,
        fix="Correct the path or its permissions.",
    )


def open_source(spec: Data, root: Path, known_names: tuple[str, ...] | None = None) -> Source:
    """Open the data of a complete section; nothing is listed or read yet.

    Args:
        spec: The section.
        root: Where the data were found.
        known_names: Class names for data that name none.

    Raises:
        DataError: they are in another format than the section says, or name no classes.
    """
    assert spec.format is not None  # a complete section's
    reader = reader_of(spec.format)
    if not (reader.opens_files or root.is_dir()):
        raise DataError(
            "not a folder",
            where=root,
            expected=f"a folder of {spec.format} data",
            found="a file",
            fix="Correct 'path'; an archive has to be unpacked first.",
        )
    names = COCO_NAMES if spec.names == "coco" else tuple(spec.names) if spec.names else None
    return reader.open(root, spec, names, known_names)


def _dataset(source: Source, choice: Choice, samples: tuple[Sample, ...]) -> Dataset:
    if not any((~sample.crowd).any() for sample in samples):
        listed = counted(len(choice.images), "image", "images")
        lacking = "label" if samples else "image"
        raise DataError(
            f"no usable {lacking} in part '{choice.split}'",
            where=source.root,
            expected="at least one",
            found=f"{listed} listed, {len(samples)} usable{source.report.reason()}",
            fix=f"Check the format, and that {lacking}s are whole and lie where this format keeps them.",
        )
    return Dataset(source.root.name, choice.split, source.classes, samples, source.root)
