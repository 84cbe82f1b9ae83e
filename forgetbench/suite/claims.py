"""Claims that a suite puts to the test: what somebody said of freeze points, as a bound on something measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from forgetbench.suite.bounds import MOST_NAMED, NameText, PathText, Prose
from forgetbench.suite.kinds import AttachPoint, FreezePoint, PlainName, Section
from forgetbench.suite.measures import KEPT_MEASURES, Measure


class Claim(Section):
    """One claim: a quantity of some arms, below or above a bound."""

    name: PlainName = Field(description="what tables call it")
    says: Annotated[Prose, Field(min_length=1)] = Field(description="the claim in words")
    source: Annotated[Prose, Field(min_length=1)] = Field(description="who says so, by page or section")
    quantity: Literal["forgetting", "gain", "memory", "time"] = Field(
        description="forgetting and gain as fractions of `measure`; memory and time of training as ratios to `over`"
    )
    measure: Measure = Field("ap", description="for forgetting and gain; ap_kept and ap50_kept for forgetting alone")
    arms: list[FreezePoint | NameText] | None = Field(
        None, min_length=1, max_length=MOST_NAMED, description="freeze points or names of arms; default: all but `over`"
    )
    over: FreezePoint | NameText | None = Field(
        None,
        description="what is compared to, under the first setting if several vary; default: the reference arm, and for "
        "forgetting the original",
    )
    models: list[PathText] | None = Field(None, min_length=1, max_length=MOST_NAMED, description="default: all models")
    settings: list[NameText] | None = Field(
        None,
        min_length=1,
        max_length=MOST_NAMED,
        description="settings that the suite varies, as tables call them; default: all",
    )
    at_gain: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="for forgetting: at this gain, over all epochs and settings, instead of the last checkpoint's"
    )
    attach: AttachPoint | None = Field(None, description="for forgetting: one of the suite's attach points")
    below: float | None = Field(None, description="the claimed upper bound")
    above: float | None = Field(None, description="the claimed lower bound")
    of: Literal["every", "some"] = Field("every", description="whether it is said of every arm or of one at least")

    @model_validator(mode="after")
    def _one_bound_and_what_its_quantity_needs(self) -> Claim:
        if (self.below is None) == (self.above is None):
            raise ValueError("expected one bound, 'below' or 'above'")
        if (self.attach is None) == (self.quantity == "forgetting"):
            raise ValueError("'attach' belongs to claims of forgetting, and they need it")
        if self.at_gain is not None and (self.quantity != "forgetting" or self.measure != "ap"):
            raise ValueError("'at_gain' belongs to claims of forgetting, measured as ap")
        if self.at_gain is not None and self.settings is not None:
            raise ValueError("'settings' does not go with 'at_gain', which looks at all of them")
        if self.measure != "ap" and self.quantity in ("memory", "time"):
            raise ValueError(f"'measure' does not go with {self.quantity}")
        if self.measure in KEPT_MEASURES and self.quantity != "forgetting":
            raise ValueError(f"'{self.measure}' is of the reference's classes: it belongs to claims of forgetting")
        return self
