"""Writing a suite and a card for a folder of one's own data, once everything about them is checked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from forgetbench.data.cards.card import Card, find_card
from forgetbench.data.cards.missing import missing_data
from forgetbench.data.load import LoadedData, read_target
from forgetbench.data.reading.paths import plain_path
from forgetbench.data.recognise import recognise
from forgetbench.errors import ForgetbenchError, InputError, brief
from forgetbench.faults import cannot_write
from forgetbench.files import write_text
from forgetbench.plan.models import find_model, is_architecture
from forgetbench.plan.new_texts import Settings, card_text, suite_text
from forgetbench.plan.outline import make_outline
from forgetbench.suite.data_section import Data
from forgetbench.suite.kinds import PlainName
from forgetbench.suite.load import LoadedSuite, suite_from_mapping
from forgetbench.suite.yamlfile import parse_yaml

#: References by preference for a first run: small ones first, since every checkpoint is scored on them.
REFERENCES = ("coco-val128", "coco-val500", "coco-val2017")
#: Training images times epochs of a suite that is to end within minutes on a processor.
IMAGES_TIMES_EPOCHS = 1600


@dataclass(frozen=True)
class NewSuite:
    """What was written, and what was found in the data.

    Attributes:
        suite, card: The files.
        spec: How the data are read, as the card says it.
        data: The data as a run will see them.
        reference: Name of the reference data's card.
    """

    suite: Path
    card: Path
    spec: Data
    data: LoadedData
    reference: str


def write_new_suite(
    name: str,
    path: Path,
    folder: Path,
    *,
    wanted: str | None = None,
    names: Sequence[str] | None = None,
    classes_from: Literal[0, 1] | None = None,
    model: str = "yolov8n.pt",
    reference: str | None = None,
) -> NewSuite:
    """Write `<name>.yaml` and `<name>.card.yaml` for data in a folder: both or none, and never over another file.

    Args:
        name: What suite, card and run folder are called.
        path: The data.
        folder: Where the files go; made if need be.
        wanted: The data's format, if it is known.
        names: Class names, for data that name none.
        classes_from: Number of the first class in YOLO label files, if it is known.
        model: The pretrained model.
        reference: Card of the data the model was pretrained on; by default the smallest COCO subset that is here.

    Raises:
        InputError: the data are not recognised or not usable, model or reference are not known, files of these names
            exist, or the folder cannot be written.
    """
    suite_path, card_path = folder / f"{name}.yaml", folder / f"{name}.card.yaml"
    try:
        _require_plain(name)
        _require_room([suite_path, card_path, folder / "cards" / f"{name}.yaml"])
    except OSError as error:
        raise cannot_write(error, folder) from error
    # All that takes no time comes before the data, which may take long.
    _require_weights(model, folder)
    reference = _known_reference(name, reference, folder)
    found = recognise(path, wanted, names, classes_from)
    data = read_target(found.spec, found.source)
    spec = found.spec.model_copy(update={"path": _portable(Path(found.spec.path or ""), folder)})
    card = card_text(name, spec, data)
    Card.model_validate(parse_yaml(card, card_path))
    text = suite_text(name, data, model, reference, _settings(data))
    suite = suite_from_mapping(parse_yaml(text, suite_path), where=str(suite_path))
    make_outline(LoadedSuite(suite, suite_path, (suite_path,)), data.evaluate.classes)  # the card is not there yet
    write_text(card_path, card)
    try:
        write_text(suite_path, text)
    except ForgetbenchError:
        card_path.unlink()
        raise
    return NewSuite(suite_path, card_path, spec, data, reference)


def _require_plain(name: str) -> None:
    expected = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
    try:
        TypeAdapter(PlainName).validate_python(name)
    except ValidationError:
        raise InputError("cannot be a suite's name", where=brief(name), expected=expected) from None
    if name.endswith(".card"):  # its suite would be taken for a card
        raise InputError("cannot be a suite's name", where=brief(name), expected="another ending than '.card'")


def _require_room(files: Sequence[Path]) -> None:
    """Refuse a folder in which no file can be made, and files that exist, an own card of this name among them."""
    for file in files:
        if os.path.lexists(file):
            raise InputError("exists already", where=file, fix="Choose another name, or remove the file.")
    folder = files[0].absolute().parent
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        found = "one that this user may not write to" if existing.is_dir() else "a file"
        raise InputError(
            "nothing can be written here",
            where=existing,
            expected="a folder",
            found=found,
            fix="Choose another folder with --output.",
        )


def _require_weights(model: str, folder: Path) -> None:
    if is_architecture(model):
        raise InputError(
            "an architecture has no weights to forget",
            where=model,
            expected="pretrained weights (.pt or .safetensors)",
            fix="Write the suite by hand, with a 'pretrain' section.",
        )
    find_model(model, folder)


def _known_reference(name: str, reference: str | None, folder: Path) -> str:
    """Return the reference's card, by default the first usual one whose data are here."""
    if reference is None:
        here = (card for card in REFERENCES if missing_data(Data(card=card), folder) is None)
        reference = next(here, REFERENCES[1])
    if reference == name:
        raise InputError(
            "the reference has this name too",
            where=name,
            fix="Choose another name, or another card with --reference.",
        )
    find_card(reference, folder)
    return reference


def _portable(root: Path, folder: Path) -> str:
    """Return a dataset's path relative to the folder that its card goes to, if it lies there; else as it is."""
    base = plain_path(folder)
    relative = root.relative_to(base).as_posix() if root.is_relative_to(base) else "~"
    return str(root) if relative.startswith("~") else relative


def _settings(data: LoadedData) -> Settings:
    """Return settings for a first look: sixteen images a batch if there are enough, some hundred steps in all."""
    assert data.train is not None  # a target's
    count = len(data.train.samples)
    batch = 16 if count >= 128 else 8
    return Settings(
        epochs=min(max(round(IMAGES_TIMES_EPOCHS / count), 3), 20),
        batch=batch,
        # with fewer than 20 batches an epoch, gradients accumulated up to the usual 64 images would make few steps
        nbs=batch if count / batch < 20 else 64,
    )
