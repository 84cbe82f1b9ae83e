"""The one seam to Ultralytics' model internals: building, copying, running and fusing its modules.

Everything here was checked against the range of releases pinned in pyproject.toml. Nothing else imports them.
"""

from __future__ import annotations

import copy
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from forgetbench.data.cards.transfer import stated_bytes
from forgetbench.errors import InputError, SuiteError, WeightsError
from forgetbench.faults import cannot_write, is_full
from forgetbench.model import quiet  # noqa: F401  (must come before ultralytics)
from forgetbench.model.architecture import Architecture as Architecture
from forgetbench.model.architecture import checked
from forgetbench.model.copies import copied
from forgetbench.model.smoothing import SmoothedBCE
from forgetbench.model.targets import AnchorsOnce, SharedTargets
from forgetbench.room import require_room
from forgetbench.suite.yamlfile import read_mapping

import ultralytics  # isort: skip
from ultralytics.nn.modules import head as head_module  # isort: skip
from ultralytics.nn.modules.block import CBLinear  # isort: skip
from ultralytics.nn.modules.conv import Conv  # isort: skip
from ultralytics.nn.modules.head import Detect  # isort: skip
from ultralytics.nn.tasks import BaseModel, DetectionModel, guess_model_scale, load_checkpoint, parse_model  # isort: skip
from ultralytics.utils import loss as loss_module, tal  # isort: skip
from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES, safe_download  # isort: skip

#: An Ultralytics model or module; their attributes (`model`, `i`, `f`, `stride`, …) are unknown to type checkers.
Yolo = Any
#: A head's stacks: what each predicts, and whether it is one-to-one.
STACKS: dict[str, tuple[Literal["box", "class"], bool]] = {
    "cv2": ("box", False),
    "cv3": ("class", False),
    "one2one_cv2": ("box", True),
    "one2one_cv3": ("class", True),
}
CLASS_STACKS = tuple(name for name, (kind, _) in STACKS.items() if kind == "class")
WEIGHTS_URL = "https://github.com/ultralytics/assets/releases/download/v8.4.0"
loss_module.make_anchors = head_module.make_anchors = AnchorsOnce(tal.make_anchors)

#: Values in one output of a dry run; the largest models stay far below.
MOST_VALUES = 2**24


def version() -> str:
    """Return the installed Ultralytics version."""
    return str(ultralytics.__version__)


def read_architecture(path: Path) -> Architecture:
    """Return the architecture a YAML file describes; a bare name such as `yolov10n.yaml` means Ultralytics' own file.

    Raises:
        WeightsError: there is no such file, or it is no architecture.
    """
    source = path
    if not source.is_file():
        family = re.sub(r"(\d+)[nslmx](-\w+)*$", r"\1\2", path.stem)
        bundled = Path(ultralytics.__file__).parent / "cfg" / "models"
        shipped = {file.stem: file for file in bundled.rglob("*.yaml")}
        source = shipped.get(path.stem) or shipped.get(family) or path
    if not source.is_file():
        raise WeightsError("no such architecture file", where=path, expected="a file, or a name such as yolov8n.yaml")
    try:
        architecture = read_mapping(source, "architecture")
    except SuiteError as error:
        wanted = error.expected and "a mapping with 'backbone' and 'head'"
        raise WeightsError(error.problem, where=error.where, expected=wanted, found=error.found) from error
    scales = architecture.get("scales")
    architecture["scale"] = guess_model_scale(path) or next(iter(scales if isinstance(scales, dict) else {}), "")
    return architecture


def build(architecture: Architecture, classes: int, seed: int, where: object = "architecture") -> Yolo:
    """Return a randomly initialised detection model in eval mode; the caller's random state is left as it was.

    Raises:
        WeightsError: the architecture cannot be built or does not end in a Detect head.
    """
    plain = checked(architecture, where)
    with _parsing(where), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = DetectionModel({**copy.deepcopy(plain), "nc": classes}, ch=3, nc=classes, verbose=False)
    _check_head(model.model, where)
    return model.eval()


def sketch(architecture: Architecture, classes: int, where: object, tensors: int | None = None) -> nn.Module:
    """Return what `build` would build, with the same tensor names and shapes but without memory for their values.

    A dry run shows that its modules fit together and that no output is larger than any model's.

    Args:
        architecture: What to build.
        classes: Number of classes.
        where: Name of the file, for errors.
        tensors: How many tensors come with it, see `checked`.

    Raises:
        WeightsError: as `build`.
    """
    plain = {**checked(architecture, where, tensors), "nc": classes}
    carrier: Yolo = nn.Module()
    with _parsing(where), torch.random.fork_rng(devices=[]), torch.device("meta"):
        carrier.model, carrier.save = parse_model(copy.deepcopy(plain), ch=3, verbose=False)
        _check_head(carrier.model, where)
        _dry_run(carrier, 256)
    return cast(nn.Module, carrier)


@contextmanager
def _parsing(where: object) -> Iterator[None]:
    """Turn whatever a bad row leads the parser to into one error, and take back what it sets for the whole process."""
    activation = Conv.default_act
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        first = str(error).partition("\n")[0]
        raise WeightsError("cannot be built", where=where, found=f"{type(error).__name__}: {first}"[:300]) from error
    finally:
        Conv.default_act = activation


def _check_head(modules: nn.Sequential, where: object) -> None:
    found = type(modules[-1]).__name__
    if found not in {"Detect", "v10Detect"}:
        raise WeightsError("not a detection model", where=where, expected="a Detect head at the end", found=found)


def _dry_run(model: Yolo, imgsz: int) -> None:
    """Run the modules below the head, without values, on one square image."""

    def limit(module: nn.Module, _given: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.numel() > MOST_VALUES:
            raise ValueError(f"an output of {type(module).__name__} would have {output.numel()} values")

    hooks = [module.register_forward_hook(limit) for module in model.modules()]
    try:
        with torch.no_grad():
            run_modules(model.eval().model[:-1], {}, torch.zeros(1, 3, imgsz, imgsz), frozenset(model.save))
    finally:  # activations are shared with every other model
        for hook in hooks:
            hook.remove()


def build_fine_tuned(architecture: Architecture, names: Sequence[str], where: object) -> Yolo:
    """Return a model as fine-tuning from COCO makes it: its class stacks are as wide as those of COCO's 80 classes.

    Raises:
        WeightsError: as `build`.
    """
    model = build(architecture, len(names), seed=0, where=where)
    transfer(model, build(architecture, 80, seed=0, where=where), names, cls_remap=False, seed=0)
    return model


def neck_index(model: Yolo) -> int:
    """Return the index of the first module after the backbone."""
    return len(model.yaml["backbone"])


def modules_of(model: Yolo) -> list[nn.Module]:
    """Return the model's modules in order; the last one is the detection head."""
    return list(model.model)


def sources_of(module: Yolo) -> list[int]:
    """Return the indices of the modules whose outputs a module takes; -1 is the one before it."""
    sources: Any = module.f
    index: int = module.i
    listed = [sources] if isinstance(sources, int) else sources
    return [source if source >= -1 else index + source for source in listed]


def inputs_of(module: Yolo) -> list[int]:
    """Return the indices of the modules whose outputs a module takes, none of them relative; -1 is the image."""
    return [module.i - 1 if source == -1 else source for source in sources_of(module)]


def has_two_heads(model: Yolo) -> bool:
    """Tell whether the head has one-to-one stacks beside the one-to-many ones (YOLOv10, YOLO26)."""
    return getattr(modules_of(model)[-1], "one2one_cv2", None) is not None


def stack_of(name: str) -> tuple[Literal["box", "class"], bool] | None:
    """Return what the stack of a head's tensor predicts and whether it is one-to-one; None outside the stacks."""
    return STACKS.get(name.partition(".")[0])


def is_of_class_stack(name: str) -> bool:
    """Tell whether a tensor of a whole model belongs to a stack of its head that predicts classes."""
    return name.split(".")[2:3] in [[stack] for stack in CLASS_STACKS]


def is_constant(name: str) -> bool:
    """Tell whether a tensor only looks like a weight: the bins of the box distribution."""
    return ".dfl." in f".{name}"


def strides_of(model: Yolo) -> list[int]:
    """Return the head's strides in pixels."""
    head: Yolo = modules_of(model)[-1]
    return [int(stride) for stride in torch.as_tensor(head.stride).tolist()]  # of a fused head, a list


def norm_positions(model: Yolo, imgsz: int) -> dict[str, int]:
    """Return at how many places of one square image each BatchNorm layer normalises, by its name in the model.

    Nothing is computed. In training a layer needs more than one value per channel: places times images of a batch.
    """
    duplicate: Yolo = copied(model).eval().to("meta")
    duplicate.model[-1].training = True  # so that a head returns its maps and makes no anchors
    positions: dict[str, int] = {}
    for name, layer in duplicate.named_modules():
        if isinstance(layer, nn.BatchNorm2d):

            def note(_layer: nn.Module, given: Any, name: str = name) -> None:
                positions[name] = math.prod(given[0].shape[2:])

            layer.register_forward_pre_hook(note)
    with torch.no_grad():
        run_modules(duplicate.model, {}, torch.zeros(1, 3, imgsz, imgsz, device="meta"), saved_indices(model))
    return positions


def transfer(model: Yolo, original: Yolo, names: Sequence[str], cls_remap: bool, seed: int) -> None:
    """Load the original's weights into a model with other classes, as Ultralytics' fine-tuning does.

    The class branches are rebuilt at the original's width. Their last layers start from random weights; with
    `cls_remap`, rows of classes that both models know by name are copied.
    """
    placeholder = {i: str(i) for i in range(len(names))}
    model.names = dict(enumerate(names)) if cls_remap else placeholder
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model.load(copied(original), verbose=False)
        if not cls_remap:  # with equal class counts load() copies the rows by position
            _reset_class_rows(modules_of(model)[-1])
    model.names = dict(enumerate(names))


def _reset_class_rows(head: Yolo) -> None:
    stacks = [stack for name in CLASS_STACKS if (stack := getattr(head, name, None)) is not None]
    for stack in stacks:
        for branch, stride in zip(stack, head.stride, strict=True):
            branch[-1].reset_parameters()
            prior = 5 / head.nc / (640 / float(stride)) ** 2  # Ultralytics' bias_init
            branch[-1].bias.data[:] = math.log(prior)


def criterion_of(model: Yolo, settings: Any, targets: SharedTargets, label_smoothing: float = 0.0) -> Any:
    """Return the model's training loss, made with Ultralytics' settings namespace, sharing `targets` with others.

    `label_smoothing` brings back what Ultralytics dropped after YOLOv5: at anchors that an object is assigned to, a
    share of the class target moves to the other classes.
    """
    model.args = settings
    criterion = model.init_criterion()
    losses = [criterion] if hasattr(criterion, "bce") else [criterion.one2many, criterion.one2one]
    for loss in losses:
        loss.stride = loss.stride.tolist()  # numbers, which a loss on a GPU need not wait for
        targets.share(loss)
        if label_smoothing:
            loss.bce = SmoothedBCE(label_smoothing)
    return criterion


def run_modules(modules: Iterable[Yolo], outputs: dict[int, Tensor], x: Any, keep: frozenset[int]) -> Any:
    """Run consecutive modules on `x`, the output of the one before them (or the images).

    Args:
        modules: Modules in order.
        outputs: Outputs of earlier modules by index; those of `modules` named in `keep` are added.
        x: Output of the module before the first one.
        keep: Indices whose outputs later modules need.

    Returns:
        The last module's output.
    """
    for module in modules:
        index: int = module.i
        if module.f != -1:
            gathered = [x if source == -1 else outputs[source] for source in sources_of(module)]
            x = gathered[0] if isinstance(module.f, int) else gathered
        x = module(x)
        if index in keep:
            outputs[index] = x
    return x


def saved_indices(model: Yolo) -> frozenset[int]:
    """Return the indices of modules whose outputs later modules take."""
    return frozenset(model.save)


def fused_for_inference(module: nn.Module, one_to_one: bool = False) -> nn.Module:
    """Return a float32 copy of a module in eval mode with BatchNorm folded into convolutions.

    A head with two sets of stacks keeps only the asked-for one; `one_to_one` heads return (B, max_det, 6) xyxy in input
    pixels with score and class, others (B, 4 + classes, anchors) xywh.
    """
    duplicate: Yolo = copied(module).eval().float()
    if isinstance(duplicate, Detect):
        duplicate.end2end = one_to_one
        duplicate.shape, duplicate.stride = None, duplicate.stride.tolist()  # anchors are made where it will run
    carrier = BaseModel()
    carrier.model = nn.Sequential(duplicate)
    carrier.fuse(verbose=False)
    duplicate.requires_grad_(False)
    return cast(nn.Module, duplicate)


def differentiable(module: nn.Module, one_to_one: bool = False) -> nn.Module:
    """Return a float32 copy of a module in eval mode that gradients pass through, BatchNorm kept.

    A head with two sets of stacks gives the output of the asked-for one, in the forms of `fused_for_inference`.
    """
    duplicate: Yolo = copied(module).eval().float()
    if isinstance(duplicate, Detect):
        duplicate.end2end = one_to_one
        duplicate.shape = None  # anchors kept from inference mode may not take part in a graph: make them again
    return cast(nn.Module, duplicate)


def opened_as_users_do(path: Path) -> Yolo:
    """Return the model in a file that we wrote as Ultralytics opens it: float32, BatchNorm folded in, in eval mode."""
    model, _ = load_checkpoint(path, fuse=True)
    return model


def gives_one_map(module: nn.Module) -> bool:
    """Tell whether a module's output is one feature map (B, channels, h, w)."""
    return not isinstance(module, Detect | CBLinear)


def set_max_detections(head: Yolo, max_det: int) -> None:
    """Limit how many boxes a one-to-one head returns per image."""
    head.max_det = max_det


def copy_with(module: nn.Module, tensors: dict[str, Tensor]) -> nn.Module:
    """Return a copy of a module in eval mode, filled with tensors."""
    duplicate = copied(module).eval().requires_grad_(False)
    duplicate.load_state_dict(tensors)
    return duplicate


def is_official(name: str) -> bool:
    """Tell whether Ultralytics publishes weights of this name."""
    return name in GITHUB_ASSETS_NAMES


def download_weights(name: str, folder: Path) -> Path:
    """Download official weights into a folder; nothing half-written is left.

    Raises:
        WeightsError: there is no network, or the server does not have them.
        RunError: there is not enough room for them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    require_room(folder / name, stated_bytes(f"{WEIGHTS_URL}/{name}"), f"the download of {name}")
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}.") as temporary:
            got = safe_download(f"{WEIGHTS_URL}/{name}", dir=temporary, unzip=False, retry=1, progress=False)
            return Path(got).replace(folder / name)
    except Exception as error:  # network errors of many libraries
        if is_full(error):
            raise cannot_write(error, folder / name) from error
        raise WeightsError(
            "could not be downloaded",
            where=name,
            found=str(error).splitlines()[0] if str(error) else type(error).__name__,
            fix=f"Download {WEIGHTS_URL}/{name} by hand, put it into weights/ under the folder named by "
            "FORGETBENCH_DATA, then run the same command again.",
        ) from error
