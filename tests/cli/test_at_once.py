"""What answers at once: nothing that takes long to import is loaded."""

from pathlib import Path

import pytest
import yaml
from click import Context
from support.factories import tiny_suite
from support.loaded import HEAVY, ROOT, loaded_by, python

from forgetbench.cli.main import main
from forgetbench.data.cards.unpack import unpack

COMMANDS = main.list_commands(Context(main))


def test_help_and_suites_load_nothing_that_takes_long(tmp_path: Path) -> None:
    commands = [
        ["--help"],
        ["--version"],
        *([name, "--help"] for name in COMMANDS if name != "new"),
        ["suites"],
        ["suites", "show", "bccd"],
    ]
    found = loaded_by(commands, tmp_path, [*HEAVY, "pydantic", "yaml", "requests"])
    assert found == [(0, [])] * len(commands)
    assert loaded_by([["new", "--help"]], tmp_path) == [(0, [])]  # which names formats, and so reads their options


def test_schema_and_the_list_of_data_come_without_pytorch(tmp_path: Path) -> None:
    commands = [["schema"], ["data", "list"], ["data", "list", "-v"]]
    assert loaded_by(commands, tmp_path) == [(0, [])] * len(commands)


def test_a_finished_run_is_verified_drawn_and_packed_without_pytorch(tmp_path: Path) -> None:
    kept = ROOT / "tests" / "kept" / "run-of-0.1.0.tar.gz"
    unpack(kept, tmp_path, most_bytes=50_000_000)
    (run,) = (path.name for path in tmp_path.iterdir())
    commands = [["verify", str(kept)], ["report", run], ["pack", run]]
    found = loaded_by(commands, tmp_path, ["torch", "torchvision", "ultralytics"])
    assert found == [(0, [])] * len(commands)


def test_runs_are_listed_without_what_takes_long(tmp_path: Path) -> None:
    unpack(ROOT / "tests" / "kept" / "run-of-0.1.0.tar.gz", tmp_path, most_bytes=50_000_000)
    assert loaded_by([["runs", "."], ["clean", "."]], tmp_path) == [(0, [])] * 2


@pytest.mark.parametrize("command", ["check", "run"])
def test_what_a_suites_text_decides_is_refused_without_pytorch(tmp_path: Path, command: str) -> None:
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(tiny_suite(tmp_path)), encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("a: [1", encoding="utf-8")
    (tmp_path / "lost.yaml").write_text("extends: nowhere\n", encoding="utf-8")
    arm = "arms=[{name: a, strategy: {%s}}]"
    wrong = [
        ["quickstrat"],
        ["goood.yaml"],
        ["bad.yaml"],
        ["lost.yaml"],
        ["good.yaml", "--set", "train.epoch=3"],
        ["good.yaml", "--set", "train.epochs=many"],
        ["good.yaml", "--set", "freeze_points=[bakcbone]"],
        ["good.yaml", "--set", arm % "onyl: [class]"],
        ["good.yaml", "--set", arm % "l2-sp: -1"],
        ["good.yaml", "--set", "target={card: bcdd}"],
    ]
    found = loaded_by([[command, *arguments] for arguments in wrong], tmp_path)
    assert found == [(2, [])] * len(wrong)


def test_the_package_is_imported_without_what_its_functions_need() -> None:
    code = "import forgetbench\nprint(*sorted({*sys.argv[1:]} & {*sys.modules}))"
    assert python(code, *HEAVY, "pydantic", "yaml").stdout.split() == []


def test_a_run_imports_no_torchvision() -> None:
    code = "import forgetbench.sweep.execute, forgetbench.proof.verify\nprint('torchvision' in sys.modules)"
    assert python(code).stdout.strip() == "False"
