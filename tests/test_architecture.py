"""The map in ARCHITECTURE.md is true: imports point down, and torch stays where it belongs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.execute.executors import executors

PACKAGE = Path(__file__).parents[1] / "src" / "paribus"

LEVELS = {
    "__main__": 14,
    "testing": 14,
    "cli": 13,
    "serve": 12,
    "api": 11,
    "report": 10,
    "pictures": 9,
    "charts": 9,
    "tables": 9,
    "writing": 8,
    "judge": 7,
    "execute": 6,
    "store": 6,
    "engine": 5,
    "cost": 5,
    "study": 4,
    "reference": 4,
    "nn": 3,
    "data": 2,
    "checking": 1,
    "durable": 1,
    "keyed": 1,
    "records": 1,
    "errors": 0,
    "habits": 0,
    "old_name": 0,
    "standard_files": 0,
    "version": 0,
    "wording": 0,
}
FREE_OF_TORCH = {
    "cli",
    "serve",
    "api",
    "report",
    "charts",
    "cost",
    "pictures",
    "tables",
    "writing",
    "judge",
    "store",
    "study",
    "reference",
    "data",
    "records",
    "errors",
    "habits",
    "keyed",
    "testing",
    "wording",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    ("torch", "load"),
    ("yaml", "load"),
    ("pickle", "load"),
    ("pickle", "loads"),
}


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST):
    """Every imported module, with whether the import runs when the module is imported."""
    lazy = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    } | {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, id(node) in lazy
            yield from ((f"{node.module}.{alias.name}", id(node) in lazy) for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    own = room(path)
    for name, _ in imports(ast.parse(path.read_text(encoding="utf-8"))):
        parts = name.split(".")
        if parts[0] != "paribus" or len(parts) == 1 or parts[1] not in LEVELS:
            continue
        other = parts[1]
        assert other == own or LEVELS[other] < LEVELS[own], f"{path}: {own} must not import {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_torch_is_imported_only_where_tensors_are(path):
    if room(path) in FREE_OF_TORCH:
        names = [name for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))]
        assert not [name for name in names if name.split(".")[0] == "torch"]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_executes_code_from_data(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                assert node.func.id not in FORBIDDEN_CALLS, f"{path}:{node.lineno}"
            if isinstance(node.func, ast.Attribute):
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                assert (owner, node.func.attr) not in FORBIDDEN_ATTRIBUTES, f"{path}:{node.lineno}"
                assert node.func.attr != "extractall", f"{path}:{node.lineno}"
            for keyword in node.keywords:
                allowed = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                assert not (keyword.arg in {"allow_pickle", "shell"} and allowed is True), (
                    f"{path}:{node.lineno}"
                )


def test_the_package_does_without_what_is_there_to_test_it():
    users = {
        room(path)
        for path in modules()
        for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))
        if name.startswith("paribus.testing")
    }
    assert users <= {"testing"}


def test_the_api_knows_executors_by_their_protocol_alone():
    known = {f"paribus.execute.{name}" for name in executors()}
    assert {"paribus.execute.inline", "paribus.execute.processes"} <= known
    for path in (PACKAGE / "api").rglob("*.py"):
        names = {name for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
        assert not names & known, path


def test_only_the_test_task_opens_the_sealed_test_set():
    users = [
        str(path.relative_to(PACKAGE))
        for path in modules()
        if any(
            name == "paribus.data.prepare.open_test"
            for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert users == ["execute/tasks/test.py"]


@pytest.mark.parametrize("command", [["--help"], ["results", "--help"]])
def test_the_command_line_starts_without_torch(command):
    code = (
        f"import sys; sys.argv = ['paribus', *{command!r}]\n"
        "from paribus.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('HEAVY', sorted({'torch', 'scipy', 'pandas', 'altair'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


FOLDERS = sorted(
    folder for folder in PACKAGE.rglob("*") if folder.is_dir() and list(folder.glob("*.py"))
)
MOST_FILES, MOST_LINES, MOST_OF_A_BODY = 15, 400, 60


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(PACKAGE)))
def test_no_folder_is_a_pile(folder):
    assert len(list(folder.glob("*.py"))) <= MOST_FILES


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_and_no_body_is_long(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            assert (node.end_lineno or 0) - first.lineno < MOST_OF_A_BODY, node.name


def loaded(path):
    """Yield the modules of the package that a file needs: at once, within functions, not for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in only_types:
            for alias in node.names:
                for name in (f"{node.module}.{alias.name}", node.module):
                    file = PACKAGE.parent / (name.replace(".", "/") + ".py")
                    if file.is_file():
                        yield file
                        break


def test_no_circle_hides_behind_lazy_imports():
    """Files that need each other, at once or later, are one file in two, or lie in the wrong room."""
    needs = {path: set(loaded(path)) for path in modules()}
    done, circles = set(), set()

    def walk(path, above):
        if path in above:
            circle = above[above.index(path) :]
            circles.add(frozenset(str(item.relative_to(PACKAGE)) for item in circle))
            return
        if path in done:
            return
        for other in sorted(needs.get(path, ())):
            walk(other, [*above, path])
        done.add(path)

    for path in needs:
        walk(path, [])
    assert circles == set()
