"""How tests are laid out: each module has its own, in the same place, and they use what is public."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "forgetbench"
#: Modules without a test of their own, and why.
EXCEPTIONS = {
    "record/rows/changes.py": "types of rows",
    "record/rows/differences.py": "types of rows",
    "record/rows/drift.py": "types of rows",
    "record/rows/price.py": "types of rows",
    "record/rows/scores.py": "types of rows",
    "record/rows/training.py": "types of rows",
    "suite/selectors.py": "words",
    "version.py": "a number",
}
#: Private names of the standard library, PyTorch and Ultralytics that tests have to use.
OTHERS = {"_exit", "_forward", "_forward_hooks", "_getmember", "_modules", "_replace"}


def modules() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name not in ("__init__.py", "__main__.py"):
            yield path.relative_to(PACKAGE)


def privates_used(tree: ast.AST) -> Iterator[str]:
    """Name what a file takes of others that begins with an underscore: imported, as an attribute, or as text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.name.startswith("_"))
        elif isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if function in ("setattr", "delattr", "getattr", "spied"):
                texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                yield from (text.rpartition(".")[2] for text in texts)


def test_each_module_has_a_test_in_the_same_place() -> None:
    missing = [
        str(path) for path in modules()
        if str(path) not in EXCEPTIONS and not (TESTS / path.parent / f"test_{path.name}").is_file()
    ]  # fmt: skip
    assert missing == []
    assert set(EXCEPTIONS) <= set(map(str, modules()))


def test_no_test_reaches_into_privates() -> None:
    used = {path: set(privates_used(ast.parse(path.read_bytes()))) for path in TESTS.rglob("*.py")}
    private = {
        str(path.relative_to(TESTS)): own
        for path, names in used.items()
        if (own := {name for name in names if name.startswith("_") and not name.startswith("__")} - OTHERS)
    }
    assert private == {}
