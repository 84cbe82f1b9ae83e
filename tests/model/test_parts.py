import pytest
from support.factories import tiny_original

from forgetbench.errors import SuiteError
from forgetbench.model.parts import Parts

ORIGINAL = tiny_original()
PARTS = Parts(ORIGINAL)


def names(*selectors: int | str, parts: Parts = PARTS) -> frozenset[str]:
    return parts.select(selectors, "arms[0].strategy.only")


def test_parts_are_all_tensors_but_the_constants() -> None:
    state = {name for name in ORIGINAL.model.state_dict() if ".dfl." not in name}
    assert {part.name for part in PARTS} == state
    trainable = sum(p.numel() for name, p in ORIGINAL.model.named_parameters() if ".dfl." not in name)
    assert PARTS.parameters(state) == trainable


@pytest.mark.parametrize(
    ("selector", "inside", "outside"),
    [
        (12, "model.12.cv1.conv.weight", "model.15.cv1.conv.weight"),
        ("12-15", "model.15.cv1.bn.running_var", "model.16.conv.weight"),
        ("backbone", "model.9.cv1.conv.weight", "model.12.cv1.conv.weight"),
        ("neck", "model.21.cv1.conv.weight", "model.22.cv2.0.0.conv.weight"),
        ("head", "model.22.cv2.0.0.conv.weight", "model.21.cv1.conv.weight"),
        ("box", "model.22.cv2.0.2.bias", "model.22.cv3.0.2.bias"),
        ("class", "model.22.cv3.0.2.bias", "model.12.cv2.conv.weight"),
        ("batchnorm", "model.0.bn.running_mean", "model.0.conv.weight"),
        ("batchnorm-affine", "model.0.bn.weight", "model.0.bn.running_mean"),
        ("batchnorm-statistics", "model.0.bn.num_batches_tracked", "model.0.bn.bias"),
        ("*.cv3.2.*", "model.22.cv3.2.2.bias", "model.22.cv3.1.2.bias"),
        ("model.4.m.0.cv1.bn.bias", "model.4.m.0.cv1.bn.bias", "model.4.m.0.cv1.bn.weight"),
    ],
)
def test_a_selector_chooses_what_it_says(selector: int | str, inside: str, outside: str) -> None:
    chosen = names(selector)
    assert inside in chosen
    assert outside not in chosen
    assert {inside, outside} <= {part.name for part in PARTS}


def test_one_to_one_stacks_are_told_apart() -> None:
    parts = Parts(tiny_original("yolov10"))
    one, many = names("one-to-one", parts=parts), names("one-to-many", parts=parts)
    assert one.isdisjoint(many)
    assert one | many == names("head", parts=parts)
    assert all(".one2one_" in name for name in one)


def test_sections_cover_the_model_once() -> None:
    sections = [names(section) for section in ("backbone", "neck", "head")]
    assert sum(map(len, sections)) == len(list(PARTS))
    assert frozenset().union(*sections) == PARTS.from_module(0)


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("one-to-one", "'one-to-one' chooses nothing in tiny-yolov8"),
        (10, "'10' chooses nothing"),
        ("*.cv9.*", "chooses nothing"),
        ("boxes", "no such part of a model.*found 'boxes'. Did you mean 'box'"),
    ],
)
def test_a_selector_that_chooses_nothing_is_refused(selector: int | str, said: str) -> None:
    with pytest.raises(SuiteError, match=rf"arms\[0\].strategy.only: .*{said}"):
        names("head", selector)
