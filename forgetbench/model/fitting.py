"""Whether a file's tensors and modules fit the model that its architecture describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from forgetbench.errors import WeightsError, brief
from forgetbench.model.pickles import Inert, inert_modules
from forgetbench.model.recognise_weights import other_layers

#: What modules were called in earlier releases, by their present names.
FORMER_NAMES = {"Identity": "Silence"}

#: What PyTorch's layers compute by, beside their tensors.
SETTINGS = frozenset({
    "eps", "stride", "padding", "dilation", "groups", "padding_mode", "kernel_size", "scale_factor", "mode",
    "negative_slope",
})  # fmt: skip


def check_values(tensors: Mapping[str, Tensor], where: object) -> None:
    """Check that tensors have the values they claim: a view may repeat one value as often as it says.

    Raises:
        WeightsError: they claim far more.
    """
    stored = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors.values()}
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if claimed > 4 * sum(stored.values()):
        raise WeightsError("tensors claim more values than the file holds", where=where, found=f"{claimed} bytes")


def check_names(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], where: object) -> None:
    """Check that there is a tensor for each name and no other.

    Raises:
        WeightsError: some are missing or unknown.
    """
    missing, unknown = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or unknown:
        raise WeightsError(
            "tensors do not fit the architecture they come with",
            where=where,
            expected=f"{len(expected)} tensors",
            found=f"{len(tensors)}, {len(missing)} missing and {len(unknown)} unknown such as "
            f"{brief((missing + unknown)[0])}",
            fix="The model was changed after it was built; use one as Ultralytics trained it.",
        )


def check_shapes(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], where: object) -> None:
    """Check that tensors have the shapes and kinds of numbers that the model's have.

    Raises:
        WeightsError: one has not.
    """
    for key, tensor in tensors.items():
        if tensor.shape != expected[key].shape:
            raise WeightsError(
                "a tensor has the wrong shape",
                where=f"{where}: {key}",
                expected=tuple(expected[key].shape),
                found=tuple(tensor.shape),
            )
        if tensor.is_floating_point() != expected[key].is_floating_point():
            raise WeightsError(
                "a tensor has the wrong type", where=f"{where}: {key}", expected=expected[key].dtype, found=tensor.dtype
            )


def check_modules(saved: Inert, built: nn.Module, where: Path) -> None:
    """Check that the saved modules are of the kinds that are built: others would compute something else.

    Raises:
        WeightsError: one is of another kind.
    """
    inside = dict(built.named_modules(remove_duplicate=False))
    for name, module in inert_modules(saved, where):
        known = inside.get(name)
        found, expected = type(module).__name__, None if known is None else type(known).__name__
        if not name.startswith("model."):
            continue
        if found not in {expected, FORMER_NAMES.get(expected or "")}:
            raise other_layers(where, name, found, expected)
        plain = isinstance(known, nn.Module) and type(known).__module__.startswith("torch.nn.")
        for setting in SETTINGS & vars(module).keys() & vars(known).keys() if plain else ():
            is_set, usual = getattr(module, setting), getattr(known, setting)
            if is_set != usual:
                raise other_layers(where, name, f"{setting} {brief(is_set)}", f"{setting} {usual}")
