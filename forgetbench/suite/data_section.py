"""What a suite may say of its target and reference data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticKnownError

from forgetbench.plugins import only_plugin
from forgetbench.suite.bounds import LARGEST_SEED, MOST_CLASSES, MOST_NAMED, NameText, PathText, SignedSeed
from forgetbench.suite.explain import Keys
from forgetbench.suite.formats import (
    FORMAT_OF_KEY,
    FORMATS,
    GROUP,
    PATH_KEYS,
    FolderOptions,
    FormatSchema,
    Options,
    ShapesOptions,
    alternatives,
    find_format,
    further_formats,
    known_formats,
)
from forgetbench.suite.kinds import PlainName, Section, listed_once

#: What a dataset is for.
Role = Literal["target", "reference"]
#: What a split is used for.
Purpose = Literal["train", "evaluate"]
#: In a validation's context: data sections are those that a run recorded, whose formats may not be installed here.
RECORDED = "recorded"
_Kind = TypeVar("_Kind", bound=Options)


class Split(Section):
    """A seeded random split, for data that brings no list of its own."""

    seed: SignedSeed = 0
    evaluate: Annotated[float, Field(gt=0, lt=1)] = Field(0.2, description="share of images kept for evaluation")


def _known_format(name: str, info: ValidationInfo) -> str:
    if name not in FORMATS and not (info.context or {}).get(RECORDED) and name not in further_formats():
        raise PydanticKnownError("literal_error", {"expected": ", ".join(known_formats())})
    return name


#: Name of one split, or of several whose images are taken together.
Splits = PathText | Annotated[list[PathText], Field(min_length=1, max_length=MOST_NAMED)]
#: What a class is called: a name that people can read.
ClassName = NameText
FormatName = Annotated[str, AfterValidator(_known_format), FormatSchema()]


class _Common(Section):
    """Keys for data of any format."""

    card: PlainName | None = Field(
        None,
        description="name of a card that says all this; whatever else stands here goes before what the card says",
    )
    path: PathText | None = Field(
        None,
        description="folder of the data; if relative, looked for beside the suite, in the current folder, under "
        "FORGETBENCH_DATA and under FORGETBENCH_ASSETS, in that order",
    )
    format: FormatName | None = Field(None, description="not needed where a card is named")
    train: Splits | None = Field(None, description="name of the training split, or several (default: train)")
    evaluate: Splits | None = Field(
        None, description="name of the evaluation split, or several (default: val, valid, validation or test)"
    )
    split: Split | None = Field(None, description="seeded split, where the data has none")
    names: Annotated[list[ClassName], Field(max_length=MOST_CLASSES)] | Literal["coco"] | None = Field(
        None, description="class names, where the data names none"
    )


class _Limited(Section):
    """The key that makes data fewer; it is listed after those of the formats that lie in a folder."""

    limit: Annotated[int, Field(gt=0, le=LARGEST_SEED)] | None = Field(
        None, description="use the first N images, sorted by name"
    )


class _Recorded(Options):
    """Keys of a format that is not installed here, as a run recorded them."""

    model_config = ConfigDict(extra="allow")


class Data(ShapesOptions, _Limited, FolderOptions, _Common):
    """Where a dataset is, how it is laid out, and which of its parts are used."""

    # Keys of another package's format are none of these fields: they are kept here.
    _further: Options | None = PrivateAttr(None)

    @model_validator(mode="wrap")
    @classmethod
    def _with_further_options(cls, given: Any, handler: ModelWrapValidatorHandler[Data], info: ValidationInfo) -> Data:
        """Check what another package's format has of keys as that format says, all else as this class says."""
        name = given.get("format") if isinstance(given, Mapping) else None
        if not isinstance(name, str) or name in FORMATS:
            return handler(given)
        if (info.context or {}).get(RECORDED):
            kind: type[Options] = _Recorded
            own = {key: value for key, value in given.items() if key not in cls.model_fields}
        elif name in further_formats():
            kind = further_options(name)
            own = {key: value for key, value in given.items() if key in kind.model_fields}
        else:
            return handler(given)
        options = kind.model_validate(own)
        section = handler({key: value for key, value in given.items() if key not in own})
        section._further = options
        return section

    @model_serializer(mode="wrap")
    def _flat(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        shown: dict[str, Any] = handler(self)
        if self._further is not None:
            unset, defaults = info.exclude_unset, info.exclude_defaults
            shown |= self._further.model_dump(mode=info.mode, exclude_unset=unset, exclude_defaults=defaults)
        return shown

    @model_validator(mode="after")
    def _fields_fit_format(self) -> Data:
        if self.card is not None:
            if self.is_drawn:
                raise ValueError(f"'card' and format '{self.format}' exclude each other")
            return self  # the rest is checked together with what the card says
        if self.format is None:
            raise ValueError(f"needs 'format' ({alternatives(known_formats())}) or 'card'")
        if self.is_drawn:
            if self.world is None:
                raise ValueError(f"format '{self.format}' needs 'world': general or fine")
        elif not self.path:
            raise ValueError(f"format '{self.format}' needs 'path'")
        for key, owner in FORMAT_OF_KEY.items():
            if self.format != owner and getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"'{key}' belongs to format '{owner}'")
        if self.names is not None and self.class_by_name is not None:
            raise ValueError("'names' and 'class_by_name' both name the classes: keep one")
        return self

    @field_validator("train", "evaluate")
    @classmethod
    def _no_split_twice(cls, splits: str | list[str] | None) -> str | list[str] | None:
        return listed_once(splits) if isinstance(splits, list) else splits

    @property
    def is_drawn(self) -> bool:
        """Whether the images are drawn here, so that there is nothing to find, read or fetch."""
        return self.format in FORMATS and FORMATS[self.format].reader is None

    @property
    def path_keys(self) -> tuple[str, ...]:
        """Keys that name files or folders."""
        return ("path", *PATH_KEYS, *(self._further.paths if self._further else ()))

    def splits(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the names of the splits to use for a purpose; empty where the section leaves it to the usual ones."""
        named = self.train if purpose == "train" else self.evaluate
        return (named,) if isinstance(named, str) else tuple(named or ())

    def options(self, kind: type[_Kind]) -> _Kind:
        """Return the values of one format's keys, by the class that the format declares them in."""
        if isinstance(self._further, kind):
            return self._further
        return cast(_Kind, kind.model_construct(**{key: getattr(self, key) for key in kind.model_fields}))


def further_options(name: str) -> type[Options]:
    """Return the keys of another package's format.

    Raises:
        InputError: the package cannot be used, or a key of its format is one that data sections have already.
    """
    options = find_format(name).options
    taken = [key for key in options.model_fields if key in Data.model_fields]
    if taken:
        raise only_plugin(GROUP, name).unusable(f"its key '{taken[0]}' is one that data sections have already")
    return options


def with_further_options(schema: dict[str, Any], formats: tuple[str, ...]) -> dict[str, Any]:
    """Return a JSON Schema in which data sections may have the keys of other packages' formats, too."""
    section = schema if schema.get("title") == Data.__name__ else schema["$defs"][Data.__name__]
    for name in formats:
        own = further_options(name).model_json_schema()
        schema.setdefault("$defs", {}).update(own.get("$defs", {}))
        for key, node in own.get("properties", {}).items():
            there = section["properties"].get(key)
            section["properties"][key] = node if there in (None, node) else {"anyOf": [there, node]}
    return schema


def keys_of(model: type[BaseModel], *sections: Any) -> Keys:
    """Return the keys that suites, cards or data sections take.

    Args:
        model: What they are checked against.
        sections: Their data sections as they were given; those of other packages' formats bring further keys.
    """
    named = [section.get("format") for section in sections if isinstance(section, Mapping)]
    unknown = [name for name in named if isinstance(name, str) and name not in FORMATS]
    return _keys(model, tuple(name for name in further_formats() if name in unknown), known_formats())


@cache
def _keys(model: type[BaseModel], further: tuple[str, ...], _known: tuple[str, ...]) -> Keys:
    return Keys(model, lambda schema: with_further_options(schema, further))
