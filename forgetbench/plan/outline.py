"""What can be said of a suite whose data or weights are not here yet: its arms, what is missing, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from forgetbench.data.cards.missing import Missing, missing_data, stated_classes
from forgetbench.errors import DataError
from forgetbench.model.blank import Blanks
from forgetbench.model.original import Original
from forgetbench.plan.arms import Arm, check_arms, make_arms
from forgetbench.plan.cam_checks import HOW_TO_GET_CAM
from forgetbench.plan.models import find_model, is_architecture, open_untrained, open_weights, untrained_twin
from forgetbench.plan.resolved_claims import resolve_claims
from forgetbench.progress import Silent
from forgetbench.suite.kept import kept_labels
from forgetbench.suite.load import LoadedSuite


@dataclass(frozen=True)
class Outline:
    """A suite's arms, from its models' architectures alone.

    Attributes:
        originals: Models by name; weights that are not here have random values.
        arms: Every training configuration.
        classes: Number of target classes that arms are counted with; None is each original's own number.
    """

    originals: dict[str, Original]
    arms: list[Arm]
    classes: int | None


def missing_inputs(loaded: LoadedSuite) -> list[Missing]:
    """Return what is not here but can be had, by a command or by hand: data, weights, a package; nothing is opened.

    Raises:
        InputError: something is not here and nothing says how to get it.
    """
    suite, folder = loaded.suite, loaded.folder
    missing = []
    for spec in (suite.target, suite.reference):
        found = missing_data(spec, folder)
        if found is not None and found not in missing:
            missing.append(found)
    weights = [name for name in suite.models if not is_architecture(name) and find_model(name, folder) is None]
    if weights:
        missing.append(Missing(", ".join(weights), True, "Official weights: 'forgetbench run' downloads them."))
    if suite.cam is not None and find_spec("pytorch_grad_cam") is None:
        missing.append(Missing("the package grad-cam", False, HOW_TO_GET_CAM))
    return missing


def refuse_what_only_hands_can_fetch(missing: Sequence[Missing]) -> None:
    """Raise before anything is downloaded if some of the data can only be fetched by hand and are not here.

    Raises:
        DataError: there are such data; all of them are named.
    """
    by_hand = [item for item in missing if not item.fetchable]
    if by_hand:
        raise DataError(
            "data are not here, and no command can fetch them",
            where=", ".join(item.name for item in by_hand),
            fix=" ".join(item.instruction for item in by_hand),
        )


def make_outline(loaded: LoadedSuite, target_classes: Sequence[str] | None = None) -> Outline:
    """Resolve a suite's points and strategies against its models; data are not looked at.

    Args:
        loaded: The suite and where it came from.
        target_classes: The target's, where they are known; by default what the suite or the target's card states.

    Raises:
        InputError: a model cannot be opened, or a point, strategy, claim or class to keep does not fit it.
    """
    suite, folder = loaded.suite, loaded.folder
    originals, of_reference = {}, stated_classes(suite.reference, folder)
    for name in suite.models:
        known = of_reference
        if is_architecture(name):
            original = open_untrained(name, folder, of_reference)
        elif find_model(name, folder) is None:
            original = untrained_twin(name)
        else:
            original = open_weights(name, folder, Silent(), download=False)
            known = original.classes
        originals[original.name] = original
        if known is not None:
            kept_labels(suite.keep or (), known)
    stated = target_classes or stated_classes(suite.target, folder)
    classes = len(stated) if stated else None
    arms = make_arms(suite, originals, Blanks(originals, classes))
    check_arms(suite, originals, arms)
    resolve_claims(suite, originals, arms)
    return Outline(originals, arms, classes)
