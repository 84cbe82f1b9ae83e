"""Starting on data of one's own: a suite and a card written for a folder, checked before they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forgetbench.data.card import Card
from forgetbench.data.load import LoadedData, load_data
from forgetbench.data.missing import missing_data
from forgetbench.data.recognise import Format, recognise
from forgetbench.errors import InputError
from forgetbench.files import write_text
from forgetbench.run.new_texts import Settings, card_text, suite_text
from forgetbench.run.outline import make_outline
from forgetbench.suite.data_section import Data
from forgetbench.suite.load import load_suite, suite_from_mapping
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
        data: The data as a run will see them.
        reference: Name of the reference data's card.
    """

    suite: Path
    card: Path
    data: LoadedData
    reference: str


def write_new_suite(
    name: str,
    path: Path,
    folder: Path,
    *,
    wanted: Format | None = None,
    names: Sequence[str] | None = None,
    model: str = "yolov8n.pt",
    reference: str | None = None,
) -> NewSuite:
    """Write `<name>.yaml` and `<name>.card.yaml` for data in a folder; either both are kept, or none.

    Args:
        name: What suite, card and run folder are called.
        path: The data.
        folder: Where the files go; made if need be.
        wanted: The data's format, if it is known.
        names: Class names, for data that name none.
        model: The pretrained model.
        reference: Card of the data the model was pretrained on; by default the smallest COCO subset that is here.

    Raises:
        InputError: the data are not recognised or not usable, or files of these names exist.
    """
    suite_path, card_path = folder / f"{name}.yaml", folder / f"{name}.card.yaml"
    for file in (suite_path, card_path):
        if file.exists():
            raise InputError("exists already", where=file, fix="Choose another name, or remove the file.")
    spec = recognise(path, wanted, tuple(names) if names else None)
    data = load_data(spec, role="target", suite_folder=None)
    reference = reference or _reference_at_hand(folder)
    card = card_text(name, spec, data)
    suite = suite_text(name, data, model, reference, _settings(data))
    Card.model_validate(parse_yaml(card, card_path))
    suite_from_mapping(parse_yaml(suite, suite_path), where=str(suite_path))
    try:
        write_text(card_path, card)
        write_text(suite_path, suite)
        loaded = load_suite(suite_path)
        make_outline(loaded)
        missing_data(loaded.suite.reference, folder)
    except Exception:
        for file in (card_path, suite_path):
            file.unlink(missing_ok=True)
        raise
    return NewSuite(suite_path, card_path, data, reference)


def _reference_at_hand(folder: Path) -> str:
    for card in REFERENCES:
        if missing_data(Data(card=card), folder) is None:
            return card
    return REFERENCES[1]


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
