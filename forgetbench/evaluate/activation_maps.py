"""Class activation maps: where in an image the detections of one network come from.

Needs the optional package `grad-cam`, so it is imported only by a run that draws maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import EigenCAM, GradCAM
from torch import Tensor, nn

from forgetbench.device import image_batch, to_device
from forgetbench.evaluate.image_score import CONFIDENCE
from forgetbench.evaluate.letterbox import Letterbox
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.nms import select, suppress
from forgetbench.model import yolo
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.kinds import HeadMode

Method = Literal["grad-cam", "eigen-cam"]


@dataclass(frozen=True)
class ActivationMap:
    """Where detections come from in one image.

    Attributes:
        heat: (height, width) float32 in [0, 1], over the resized image without its padding.
        method: How it was made; `eigen-cam` where no gradient reached the modules.
    """

    heat: NDArray[np.float32]
    method: Method


@dataclass(frozen=True)
class DetectionTarget:
    """The number a map explains: the summed confidences of a network's detections on one image.

    These are the detections above `CONFIDENCE` of the head that the network is scored by: what suppression leaves of
    one-to-many stacks, or what one-to-one stacks give. Where there are none it is the single largest class score.

    Attributes:
        head: Which of the head's stacks gives the detections.
        iou, max_det: As in evaluation.
    """

    head: HeadMode
    iou: float
    max_det: int

    def __call__(self, output: Tensor) -> Tensor:
        """Return the number, differentiable with respect to class scores.

        Args:
            output: Of one image, (4 + classes, anchors); or from one-to-one stacks (n, 6), scores in column 4.
        """
        if self.head == "one-to-one":
            (found,) = select(output[None], conf=CONFIDENCE, max_det=self.max_det)
            scores = output[:, 4]
        else:
            (found,) = suppress(output[None], conf=CONFIDENCE, iou=self.iou, max_det=self.max_det)
            scores = output[4:]
        return found[:, 4].sum() if len(found) else scores.max()


class ActivationMapper:
    """Makes the maps of one network.

    Args:
        store: Holds the network's modules.
        network: One whose modules the store holds.
        method: `grad-cam` weighs a module's channels by their mean gradient; `eigen-cam` takes the first principal
            component of its channels, needs no gradient and knows nothing of the detections.
        modules: Indices of the modules whose outputs are looked at; their maps are averaged.
        settings: As in evaluation.
        device: Where to compute.
    """

    def __init__(
        self,
        store: ModuleStore,
        network: Network,
        *,
        method: Method,
        modules: Sequence[int],
        settings: EvaluationSettings,
        device: torch.device,
    ) -> None:
        chain = [yolo.differentiable(module, network.head == "one-to-one") for module in store.modules_of(network)]
        yolo.set_max_detections(chain[-1], settings.max_det)
        self._composed = to_device(_Composed(chain, yolo.saved_indices(store.original.model)), device)
        self._layers = [chain[index] for index in modules]
        self._target = DetectionTarget(network.head, settings.iou, settings.max_det)
        self._method, self._device = method, device

    def __call__(self, pixels: NDArray[np.uint8], letterbox: Letterbox) -> ActivationMap:
        """Return the map of one letterboxed image (H, W, 3), RGB."""
        images = image_batch(torch.from_numpy(pixels).permute(2, 0, 1)[None], self._device)
        method, heat = self._method, None
        if method == "grad-cam":
            heat = self._grad_cam(images)
        if heat is None:
            method, heat = "eigen-cam", _run(_ThinEigenCAM(self._composed, self._layers), images, None)
        (top, left), (height, width) = letterbox.offset, letterbox.resized
        return ActivationMap(np.ascontiguousarray(heat[top : top + height, left : left + width]), method)

    def _grad_cam(self, images: Tensor) -> NDArray[np.float32] | None:
        """Return the map over the canvas, None if the target does not depend on the modules."""
        cam = GradCAM(self._composed, self._layers)
        # parameters are frozen, so the graph starts at the image
        heat = _run(cam, images.requires_grad_(), [self._target])
        reached = any(bool(gradient.any()) for gradient in cam.activations_and_grads.gradients)
        return heat if reached else None


def _run(cam: Any, images: Tensor, targets: list[DetectionTarget] | None) -> NDArray[np.float32]:
    try:
        with torch.set_grad_enabled(targets is not None):
            heat: NDArray[np.float32] = cam(images, targets if targets is not None else [])[0]
    finally:
        for handle in cam.activations_and_grads.handles:  # the package would leave them to the garbage collector
            handle.remove()
    return heat


class _Composed(nn.Module):
    """A network as one module: images (B, 3, H, W) in, the head's predictions out."""

    def __init__(self, modules: Sequence[nn.Module], keep: frozenset[int]) -> None:
        super().__init__()
        self._chain, self._keep = nn.ModuleList(modules), keep

    def forward(self, images: Tensor) -> Tensor:
        predictions: Tensor = yolo.run_modules(self._chain, {}, images, self._keep)[0]
        return predictions


class _ThinEigenCAM(EigenCAM):  # type: ignore[misc]  # the package has no types
    """The package's EigenCAM, changed so that maps of several networks can be compared.

    Its decomposition is the thin one: the full one takes gigabytes for an image of 1280 pixels. A component's sign is
    arbitrary, so the largest deviation is made positive, else two like networks could show opposite maps.
    """

    def get_cam_image(
        self,
        input_tensor: Tensor,  # noqa: ARG002
        target_layer: nn.Module,  # noqa: ARG002
        targets: Sequence[Any],  # noqa: ARG002
        activations: NDArray[np.float32],
        grads: NDArray[np.float32] | None,  # noqa: ARG002
        eigen_smooth: bool = False,  # noqa: ARG002
    ) -> NDArray[np.float32]:
        return np.stack([first_component(image) for image in activations])


def first_component(activations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first principal component (h, w) over the channels of activations (channels, h, w)."""
    values = activations.reshape(len(activations), -1).T
    values = values - values.mean(axis=0)
    *_, directions = np.linalg.svd(values, full_matrices=False)
    component: NDArray[np.float32] = (values @ directions[0]).reshape(activations.shape[1:])
    return component if abs(component.max()) >= abs(component.min()) else -component
