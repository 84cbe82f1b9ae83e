"""The parts of a detection model, a tensor each: where it lies, what it predicts, and choosing tensors by that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from torch import Tensor, nn

from forgetbench.errors import SuiteError, nearest
from forgetbench.model import yolo
from forgetbench.model.original import Original
from forgetbench.suite.selectors import SELECTOR_WORDS, SELECTORS, Selector

Region = Literal["backbone", "neck", "head"]
Norm = Literal["affine", "statistics"]
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class Part:
    """One tensor that training could change: a parameter, or a statistic of a BatchNorm layer.

    Attributes:
        name: As in the model's state dict, e.g. `model.22.cv3.0.2.weight`.
        module: Index of its module.
        region: Where that is.
        stack: In the head, what its stack predicts.
        one_to_one: In the head, whether its stack is a one-to-one stack.
        norm: In a BatchNorm layer, whether it is a weight or bias (affine) or a running statistic.
        size: Number of elements of a parameter, 0 of a statistic.
    """

    name: str
    module: int
    region: Region
    stack: Literal["box", "class"] | None
    one_to_one: bool
    norm: Norm | None
    size: int


class Parts:
    """All parts of one model, or of a branch grown off it: their names are the same, sizes in the head differ.

    Attributes:
        model: Its name.
        head: Index of the detection head.
        neck: Index of the first neck module.
    """

    def __init__(self, original: Original, modules: Sequence[nn.Module] | nn.ModuleList | None = None) -> None:
        """Look at every tensor.

        Args:
            original: The model.
            modules: All modules of a branch grown off it; by default the original's own.
        """
        self.model, self.head, self.neck = original.name, original.head, original.neck
        found = _parts_of(original.modules if modules is None else modules, original.neck, original.head)
        self._by_name = {part.name: part for part in found}

    def __getitem__(self, name: str) -> Part:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Part]:
        return iter(self._by_name.values())

    def from_module(self, index: int) -> frozenset[str]:
        """Return the names of everything in modules at `index` and after."""
        return frozenset(part.name for part in self if part.module >= index)

    def parameters(self, names: Iterable[str] | None = None) -> int:
        """Return the number of parameters among named parts, by default of the whole model without its constants."""
        return sum(self[name].size for name in (self._by_name if names is None else names))

    def select(self, selectors: Sequence[Selector], where: str) -> frozenset[str]:
        """Return the names of all parts that any of the selectors chooses.

        Args:
            selectors: A module index, a range (`10-15`), a word (`backbone`, `class`, `batchnorm-statistics`, …) or a
                pattern with `*` or `?` that whole names are matched with.
            where: What errors name as the place.

        Raises:
            SuiteError: a selector is of none of these forms, or chooses nothing in this model.
        """
        chosen: set[str] = set()
        for selector in selectors:
            found = {part.name for part in self if _matches(part, str(selector), where)}
            if not found:
                problem = f"'{selector}' chooses nothing in {self.model}"
                raise SuiteError(problem, where=where, expected=SELECTORS)
            chosen |= found
        return frozenset(chosen | self._other_statistics(chosen))

    def _other_statistics(self, names: Iterable[str]) -> set[str]:
        """Return all statistics of the BatchNorm layers of which one is named: a layer updates all of them or none."""
        layers = {name.rpartition(".")[0] for name in names if self[name].norm == "statistics"}
        return {part.name for part in self if part.norm == "statistics" and part.name.rpartition(".")[0] in layers}

    def class_rows(self, *, one_to_one: bool) -> frozenset[str]:
        """Return the last layers of the head's class stacks, a row for each class: they start from random weights."""
        # the other layers of a stack are convolutions with BatchNorm and without a bias
        last = {part.name.rpartition(".")[0] for part in self if _is_last(part, one_to_one)}
        return frozenset(part.name for part in self if part.name.rpartition(".")[0] in last)


def statistics_of(module: nn.Module) -> dict[str, Tensor]:
    """Return the running statistics of a module's BatchNorm layers by their names within the module."""
    return {
        f"{name}.{buffer}".lstrip("."): tensor
        for name, layer in module.named_modules()
        if isinstance(layer, NORMS)
        for buffer, tensor in layer.named_buffers(recurse=False)
    }


def _parts_of(modules: Iterable[nn.Module], neck: int, head: int) -> Iterator[Part]:
    for index, module in enumerate(modules):
        region: Region = "backbone" if index < neck else "neck" if index < head else "head"
        norms = {name for name, inner in module.named_modules() if isinstance(inner, NORMS)}
        parameters = dict(module.named_parameters())
        for name, tensor in module.state_dict().items():
            if yolo.is_constant(name):
                continue
            layer = name.rpartition(".")[0]
            norm: Norm | None = None
            if layer in norms:
                norm = "affine" if name in parameters else "statistics"
            elif name not in parameters:
                continue  # buffers of other layers are constants
            stack = yolo.stack_of(name) if region == "head" else None
            yield Part(
                name=f"model.{index}.{name}",
                module=index,
                region=region,
                stack=stack[0] if stack else None,
                one_to_one=bool(stack and stack[1]),
                norm=norm,
                size=tensor.numel() if name in parameters else 0,
            )


def _is_last(part: Part, one_to_one: bool) -> bool:
    return (part.stack, part.one_to_one, part.norm) == ("class", one_to_one, None) and part.name.endswith(".bias")


def _matches(part: Part, selector: str, where: str) -> bool:
    if re.fullmatch(r"\d+(-\d+)?", selector):
        first, _, last = selector.partition("-")
        return int(first) <= part.module <= int(last or first)
    if "*" in selector or "?" in selector or "." in selector:
        return fnmatchcase(part.name, selector)
    if selector in ("backbone", "neck", "head"):
        return part.region == selector
    if selector in ("box", "class"):
        return part.stack == selector
    if selector in ("one-to-one", "one-to-many"):
        return part.stack is not None and part.one_to_one == (selector == "one-to-one")
    if selector in ("batchnorm", "batchnorm-affine", "batchnorm-statistics"):
        return part.norm is not None and selector in ("batchnorm", f"batchnorm-{part.norm}")
    near = nearest(selector, SELECTOR_WORDS)
    fix = f"Did you mean '{near}'?" if near else None
    raise SuiteError("no such part of a model", where=where, expected=SELECTORS, found=f"'{selector}'", fix=fix)
