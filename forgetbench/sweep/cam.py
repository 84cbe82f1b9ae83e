"""The class activation maps of a run: choosing networks and images, drawing, and writing `cam.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from forgetbench.analyse.cam_images import largest_gain, largest_loss, random_images
from forgetbench.data.dataset import relative_name
from forgetbench.derive.catalogue import table
from forgetbench.evaluate.image_score import confident
from forgetbench.evaluate.letterbox import Letterbox, letterboxed, plan_letterbox
from forgetbench.evaluate.networks import Network
from forgetbench.model import yolo
from forgetbench.plan.cam_checks import modules_shown
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.amend import amend
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.drift import CamRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.report.charts.maps import Panel, PictureRow, draw_cams
from forgetbench.report.figures import Chart, Figures
from forgetbench.report.sections.maps import cam_name, cam_note, panel_caption
from forgetbench.report.style import chart_style
from forgetbench.report.write import write_report
from forgetbench.suite.arms import FREEZE
from forgetbench.suite.data_section import Role
from forgetbench.suite.schema import Cam, CamRule
from forgetbench.sweep.cam_networks import Gallery
from forgetbench.sweep.scoring import Scorer

if TYPE_CHECKING:
    from forgetbench.evaluate.activation_maps import ActivationMap

#: The role whose images a rule chooses; others choose of both.
_ROLES: dict[CamRule, Role] = {"largest-gain": "target", "largest-loss": "reference"}
#: Most boxes drawn per map; an arm that has hardly learnt may detect hundreds.
MOST_BOXES = 30


def cams_due(plan: Plan, folder: RunFolder) -> bool:
    """Tell whether a finished run lacks maps that its suite asks for: they are no part of its identity."""
    if plan.suite.cam is None:
        return False
    return bool(folder.read_manifest()["suite"].get("cam") != plan.suite.cam.model_dump(mode="json"))


def add_cams(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> None:
    """Give a finished run the maps that its suite asks for."""
    manifest = folder.read_manifest()
    manifest["suite"]["cam"] = plan.suite.model_dump(mode="json")["cam"]

    def drawn() -> list[Path]:
        write_cams(plan, folder, device, progress)
        return write_report(folder.path, warn=warnings_to(progress))

    amend(folder, "maps", drawn, manifest)


def write_cams(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> None:
    """Draw the maps a suite asks for, if it does, and write `cam.csv`; all networks have been evaluated before."""
    if plan.suite.cam is None:
        return
    rows: list[CamRow] = []
    for model in plan.originals:
        scorer = Scorer(plan, model, folder, device, progress)
        rows += _Maps(plan, plan.suite.cam, model, "target", folder, scorer).write(device, progress)
        rows += _Maps(plan, plan.suite.cam, model, "reference", folder, scorer).write(device, progress)
    table("cam.csv").write(folder, rows)


class _Maps:
    """The maps of one model on the images of one role."""

    def __init__(self, plan: Plan, cam: Cam, model: str, role: Role, folder: RunFolder, scorer: Scorer) -> None:
        self._plan, self._cam, self._model, self._role = plan, cam, model, role
        self._folder, self._scorer = folder, scorer
        self._original, self._settings = plan.originals[model], plan.settings()
        self._gallery = Gallery(plan, model, role, folder, scorer)
        self._dataset = self._gallery.dataset
        self._names = [relative_name(sample.image, self._dataset.root) for sample in self._dataset.samples]

    def write(self, device: torch.device, progress: Progress) -> list[CamRow]:
        """Draw the figure and return a row per map; without an image to show there is no figure."""
        figures, name = self._folder.path / "figures", cam_name(self._model, self._role)
        chosen = self._chosen(progress)
        if not chosen:
            self._folder.journal.drop([self._folder.figure(f"{name}.png")])  # that of an earlier choice
            return []
        images = list(dict.fromkeys(index for _, index in chosen))
        made = self._make_maps(images, device, progress)
        self._gallery.look_with_original(images, device)
        about = f"{self._model}, {self._dataset.name}" + (", attach = head" if self._role == "reference" else "")
        labels = [shown.arm.label if shown.arm else ORIGINAL for shown in self._gallery.shown]
        pictures = [self._picture(rule, index, [maps[index] for maps in made]) for rule, index in chosen]
        title, note = f"Class activation maps on {self._role} images: {about}", cam_note(self._cam.method)
        drawing = Figures(figures)
        with chart_style():
            drawing.add(
                Chart(name, lambda: draw_cams(["image and its boxes", *labels], pictures, title, note)), ["png"]
            )
        self._folder.journal.add(*drawing.written)
        for remark in drawing.remarks():
            progress.message(remark, "warning")
        return [
            CamRow(
                self._model, self._dataset.name, self._role, rule, self._names[index],
                shown.arm.name if shown.arm else ORIGINAL, shown.epoch, self._gallery.head, shown.scores[index],
                maps[index].method,
            )
            for rule, index in chosen
            for shown, maps in zip(self._gallery.shown, made, strict=True)
        ]  # fmt: skip

    def _chosen(self, progress: Progress) -> list[tuple[CamRule, int]]:
        """Return the rules that are for this role with the positions of the images they choose."""
        chosen: list[tuple[CamRule, int]] = []
        for rule in self._cam.rules:
            if _ROLES.get(rule, self._role) == self._role and len(self._gallery.shown) > 1:
                images = self._choose(rule)
                chosen += [(rule, index) for index in images]
                if len(images) < self._cam.images:
                    progress.message(f"{len(images)} of {self._cam.images} {self._role} images to show for {rule}")
        return chosen

    def _choose(self, rule: CamRule) -> list[int]:
        names, count = self._names, self._cam.images
        if rule == "random":
            return random_images(names, count, self._cam.seed)
        if rule == "largest-loss":
            original, *arms = [shown.scores for shown in self._gallery.shown]
            return largest_loss(original, arms, names, count)
        baseline = self._plan.reference_freeze_point(self._model)
        trained = [shown for shown in self._gallery.shown if shown.arm]
        reference = next(
            (s for s in trained if s.arm and (s.arm.freeze_point, s.arm.strategy) == (baseline, FREEZE)), None
        )
        if reference is None:
            return []
        others = [shown.scores for shown in trained if shown is not reference]
        return largest_gain(reference.scores, others, names, count)

    def _make_maps(
        self, images: Sequence[int], device: torch.device, progress: Progress
    ) -> list[dict[int, ActivationMap]]:
        """Return the maps of each network by image; equal networks are looked at once."""
        from forgetbench.evaluate.activation_maps import ActivationMapper  # its package is optional

        made: dict[Network, dict[int, ActivationMap]] = {}
        networks = []
        task = f"activation maps of {self._model} on {self._dataset.name}"
        with progress.task(task, len(self._gallery.shown), "network") as advance:
            for shown in self._gallery.shown:
                network = self._gallery.item(shown.arm, shown.epoch).network
                if network not in made:
                    mapper = ActivationMapper(
                        self._scorer.store,
                        network,
                        method=self._cam.method,
                        modules=modules_shown(self._cam, self._original),
                        settings=self._settings,
                        device=device,
                    )
                    made[network] = {index: mapper(*self._placed(index)) for index in images}
                self._scorer.forget_modules()
                networks.append(network)
                advance(len(networks), "")
        return [made[network] for network in networks]

    def _placed(self, index: int) -> tuple[NDArray[np.uint8], Letterbox]:
        """Return an image as the evaluation gives it to networks, and how it was placed."""
        sample, stride = self._dataset.samples[index], max(yolo.strides_of(self._original.model))
        letterbox = plan_letterbox(sample.width, sample.height, self._settings.imgsz, stride, self._settings.shape)
        return letterboxed(sample, letterbox), letterbox

    def _picture(self, rule: CamRule, index: int, maps: Sequence[ActivationMap]) -> PictureRow:
        """Return a row of the chart: the image with its boxes, then every network's map with its detections."""
        sample, classes = self._dataset.samples[index], self._dataset.classes
        pixels, letterbox = self._placed(index)
        (top, left), (height, width) = letterbox.offset, letterbox.resized
        panels = [Panel(None, sample.boxes, [classes[label] for label in sample.classes], "")]
        for shown, made in zip(self._gallery.shown, maps, strict=True):
            found = confident(shown.detections, index)
            boxes, labels = found.box[:MOST_BOXES], found.label[:MOST_BOXES]
            caption = panel_caption(
                shown.scores[index],
                asked=self._cam.method,
                method=made.method,
                drawn=len(boxes),
                found=len(found),
            )
            names = self._original.classes if shown.arm is None else classes
            panels.append(Panel(made.heat, boxes, [names[label] for label in labels], caption))
        return PictureRow(
            (rule, sample.image.name),
            pixels[top : top + height, left : left + width],
            (sample.width, sample.height),
            panels,
        )
