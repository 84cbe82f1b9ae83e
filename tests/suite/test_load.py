from pathlib import Path

import pytest

from forgetbench.errors import SuiteError
from forgetbench.suite.load import LoadedSuite, load_suite

BASE = """\
name: base
model: yolov8n.pt
target: {format: yolo, path: target}
reference: {format: yolo, path: reference}
freeze_points: [all-but-head, 15]
seeds: [0, 1, 2]
train:
  epochs: 3
  optimizer: AdamW
  lr0: 0.001
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write(tmp_path / "base.yaml", BASE)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def problem(path: Path, *overrides: str) -> str:
    with pytest.raises(SuiteError) as caught:
        load_suite(path, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_loads_a_file(base: Path) -> None:
    loaded = load_suite(base)
    assert isinstance(loaded, LoadedSuite)
    assert loaded.suite.models == ["yolov8n.pt"]
    assert (loaded.path, loaded.folder, loaded.sources) == (base, base.parent, (base,))


def test_folder_is_absolute(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(base.parent)
    assert load_suite(Path("base.yaml")).folder == base.parent


def test_extends_merges_mappings_and_replaces_lists(base: Path) -> None:
    middle = write(base.parent / "sub" / "middle.yaml", "extends: ../base.yaml\nmodels: [a.pt, b.pt]\nseeds: [7]\n")
    child = write(base.parent / "child.yaml", "extends: sub/middle.yaml\nname: child\ntrain: {epochs: 9}\n")
    loaded = load_suite(child)
    assert loaded.suite.name == "child"
    assert (loaded.suite.train.epochs, loaded.suite.train.lr0) == (9, 0.001)
    assert loaded.suite.seeds == [7]
    assert loaded.suite.models == ["a.pt", "b.pt"]
    assert [file.resolve() for file in loaded.sources] == [child, middle, base]


def test_a_problem_is_laid_to_the_file_it_came_from(base: Path) -> None:
    write(base, BASE.replace("epochs: 3", "epochs: ten"))
    child = write(base.parent / "child.yaml", "extends: base.yaml\ntrain: {lrs: 1}\n")
    first, epochs, unknown = problem(child).splitlines()
    assert first == f"{child}: 2 problems"
    assert epochs == f"  {base}: train.epochs: expected a whole number greater than 0, found 'ten'"
    assert unknown.startswith(f"  {child}: train.lrs: unknown key")


def test_extends_in_a_circle(tmp_path: Path) -> None:
    one = write(tmp_path / "one.yaml", "extends: two.yaml\n")
    write(tmp_path / "two.yaml", "extends: ./one.yaml\n")
    assert "'extends' goes in a circle" in problem(one)


def test_extends_a_missing_file(tmp_path: Path) -> None:
    one = write(tmp_path / "one.yaml", "extends: two.yaml\n")
    assert problem(one) == f"{one}: extends: no such suite file; found '{tmp_path / 'two.yaml'}'"


def test_extends_something_else_than_a_file(tmp_path: Path) -> None:
    assert "expected the path or name of a suite" in problem(write(tmp_path / "one.yaml", "extends: [a]\n"))


def test_both_names_of_models_in_one_file(base: Path) -> None:
    write(base, BASE + "models: [a.pt]\n")
    assert problem(base).startswith(f"{base}: both 'model' and 'models' are given")


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("train.epochs=2", "train.epochs", 2),
        ("train.lr0=1e-3", "train.lr0", 0.001),
        ("train.lr0=1", "train.lr0", 1.0),
        ("train.cos_lr=true", "train.cos_lr", True),
        ("train.augment={mosaic: 0, hsv_h: 0.1}", "train.augment", {"mosaic": 0, "hsv_h": 0.1}),
        ("train.augment.mosaic=0", "train.augment", {"mosaic": 0}),
        ("seeds=[0,1]", "seeds", [0, 1]),
        ("seeds.1=5", "seeds", [0, 5, 2]),
        ("freeze_points=[none, first-4]", "freeze_points", ["none", "first-4"]),
        ("model=b.pt", "models", ["b.pt"]),
        ("models=b.pt", "models", ["b.pt"]),
        ("description=a=b", "description", "a=b"),
        ("pretrain.epochs=4", "pretrain.epochs", 4),
        ("target.limit=", "target.limit", None),
    ],
)
def test_override(base: Path, override: str, key: str, value: object) -> None:
    found: object = load_suite(base, [override]).suite
    for part in key.split("."):
        found = getattr(found, part)
    assert found == value
    assert type(found) is type(value)


def test_later_overrides_win(base: Path) -> None:
    assert load_suite(base, ["seeds=[4,5]", "seeds.0=6"]).suite.seeds == [6, 5]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("train.epochs=ten", "train.epochs: expected a whole number greater than 0, found 'ten'"),
        ("train.epoch=2", "did you mean 'epochs'?"),
        ("epochs=2", "did you mean 'train.epochs'?"),
        ("trian.epochs=2", "did you mean 'train'?"),
        ("train.epochs.x=2", "'train.epochs' takes a value and has no keys of its own"),
        ("seeds.3=2", "there is no seeds[3]; found 3 of them"),
        ("extends=other.yaml", "'extends' belongs into a suite file"),
        ("train.epochs", "expected key=value, e.g. train.epochs=2"),
        ("=2", "expected key=value"),
        ("train.lr0=[1", "while parsing a flow sequence"),
        ("name=!!python/name:os.system", "tag '!!python/name:os.system' is refused"),
    ],
)
def test_wrong_override_names_itself(base: Path, override: str, expected: str) -> None:
    text = problem(base, override)
    assert text.startswith(f"--set {override}")
    assert expected in text
    assert "\n" not in text


def test_setting_one_key_of_a_list_item_keeps_the_others(tmp_path: Path) -> None:
    text = BASE + "arms:\n- {name: a, strategy: {only: [class]}}\n- {name: b, freeze_point: 3}\n"
    path = write(tmp_path / "s.yaml", text)
    first, second = load_suite(
        path, ["arms.0.name=c", "arms.0.train.lr0=0.1", "arms.1.freeze_point=5", "arms.1.strategy.rates.neck=0.1"]
    ).suite.arms
    assert (first.name, first.strategy, first.train.model_dump()["lr0"]) == ("c", {"only": ["class"]}, 0.1)
    assert (second.name, second.freeze_point, second.strategy) == ("b", 5, {"rates": {"neck": 0.1}})
