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
    "observed": 0,
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
    "observed",
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


BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FOLDERS = sorted(
    folder
    for top in (PACKAGE, BENCHMARKS)
    for folder in (top, *top.rglob("*"))
    if folder.is_dir() and list(folder.glob("*.py"))
)
MOST_FILES, MOST_LINES, MOST_OF_A_BODY = 15, 400, 60


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: str(folder.relative_to(BENCHMARKS.parent))
)
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


TESTS = Path(__file__).parent
BESIDE_THE_PACKAGE = {"benchmarks", "docs", "studies"}
"""Folders of tests of what lies beside the package, in folders of the same names."""
RULES = {"contracts", "rules"}
"""Folders of tests of a rule that holds across modules; a file is named by its rule."""
WHOLE_PROJECT = {"test_architecture", "test_dependencies", "test_package"}
MOST_LINES_OF_TESTS = 500
TEST_FILES = sorted(TESTS.rglob("test_*.py"))

FAMILIES = {
    # every layer, alone and stacked, against the reference; shapes, parameters and gradients with it
    "nn/layers": "nn/rules/test_odd_shapes.py",
    "nn/modules": "nn/rules/test_odd_shapes.py",
    "nn/stacked": "nn/rules/test_odd_shapes.py",
    "reference": "reference/rules/test_gradients.py",
    # every check has a case that it finds, and a clean study on which it is silent
    "judge/checks": "judge/checks/rules/test_every_check.py",
    # every estimand, over seeds that learn and that collapse; what its rows hold and say
    "judge/estimands": "judge/estimands/test_means.py",
    "judge/claims": "judge/claims/test_family.py",
    # every picture, on the page and in Python
    "pictures": "api/results/test_imaging.py",
    # every kind of file that may be a source
    "data/sources": "data/rules/test_other_layouts.py",
    # every command, with the arguments that people give it
    "cli/commands": "cli/rules/test_plain_output.py",
    # every kind of task, by every executor
    "execute/tasks": "contracts/test_executor_contract.py",
    # every schema is made by the migrations, and an old one is read
    "store/migrations": "store/kinds/test_sql.py",
    # the tests' own studies and listeners, in the package for whoever adds a part
    "testing": "contracts/test_executor_contract.py",
}
"""Folders whose files are found by themselves, and the test that goes through all of them."""

SEEN_THROUGH = {
    # what `plan` prints: planning is its only caller
    "api/plan/gradients.py": "cli/commands/studies/test_gradcheck.py",
    "api/plan/planning.py": "cli/commands/studies/test_plan.py",
    # own images: `predict`, `test` and `explain` end to end
    "api/own_images/asked.py": "cli/rules/test_own_images.py",
    "api/own_images/explaining.py": "cli/rules/test_own_images.py",
    # steps of a run, which only a run can show
    "api/run/place.py": "cli/rules/test_stores.py",
    "api/run/registering.py": "api/run/test_verdict_looks.py",
    "store/holding.py": "cli/rules/test_stores.py",
    "api/run/session.py": "api/run/test_running.py",
    "api/run/sources.py": "cli/commands/studies/test_plan.py",
    "api/run/trained.py": "api/run/test_finishing.py",
    "api/results/watching.py": "serve/test_server.py",
    "api/report/writing.py": "api/results/test_damage.py",
    # how commands print, on every command
    "cli/explained.py": "cli/rules/test_own_images.py",
    "cli/saying.py": "cli/rules/test_plain_output.py",
    # parts of drawings, which are read back as a whole
    "charts/base/conversion.py": "report/test_embedding.py",
    "charts/base/matrix.py": "charts/test_confusion.py",
    "charts/learning_curve.py": "charts/base/test_learning.py",
    "charts/size.py": "charts/base/test_costs.py",
    "charts/time.py": "charts/base/test_costs.py",
    # readers of pictures beside tables
    "data/pictures/label_columns.py": "data/pictures/test_labels_table.py",
    "data/pictures/pictures.py": "data/pictures/test_folder.py",
    # inside of the training loops
    "engine/group_members.py": "engine/test_group.py",
    "engine/inspection/gradcheck.py": "reference/rules/test_gradients.py",
    "engine/inspection/nonfinite.py": "engine/test_run.py",
    "engine/stages.py": "engine/inspection/test_attribution.py",
    # inside of workers
    "execute/workers/arithmetic.py": "execute/test_inline.py",
    "execute/workers/attempts.py": "contracts/test_executor_contract.py",
    "execute/workers/worker.py": "execute/workers/test_starting.py",
    # columns of the terminal, which are read back as a whole
    "report/terminal/claim_lines.py": "report/terminal/test_summary.py",
    "report/terminal/variant_table.py": "report/terminal/test_summary.py",
    # a drawn digit, classified
    "serve/classify.py": "serve/test_server.py",
    # the study file as it is read
    "study/loaded.py": "study/test_reading.py",
    "nn/operators/memory.py": "nn/rules/test_limits.py",
    # draws, with what they do to an image
    "nn/augmentation.py": "engine/test_augment.py",
    # values with a few properties, and a protocol
    "execute/executor.py": "contracts/test_executor_contract.py",
    "records.py": "judge/test_selection.py",
    "writing/study.py": "charts/test_factor_grid.py",
}
"""Modules that only what uses them can show, and the test that sees them so."""
MOST_SEEN_THROUGH = 40


def module_of(path: Path) -> Path:
    """Return the module of the package that a test file is named after."""
    name = path.name.removeprefix("test_")
    return PACKAGE / path.relative_to(TESTS).with_name(name)


def named_by(path: Path):
    """Yield the modules of the package that a file of tests imports, at once or within functions."""
    for name, _ in imports(ast.parse(path.read_text(encoding="utf-8"))):
        module = PACKAGE.parent / (name.replace(".", "/") + ".py")
        if module.is_file():
            yield module


def has_code(path: Path) -> bool:
    """Return whether a module has functions or methods, and so does more than hold values."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_file_is_named_by_its_module_or_lies_with_the_rules(path):
    place = path.relative_to(TESTS)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_TESTS
    if place.parts[0] in BESIDE_THE_PACKAGE:
        assert (TESTS.parent / place.parts[0]).is_dir()
    elif RULES & set(place.parts[:-1]):
        assert not module_of(path).exists()
        assert place.parts[0] in RULES or (PACKAGE / place.parent.parent).is_dir()
    elif place.parent == Path() and path.stem in WHOLE_PROJECT:
        assert not module_of(path).exists()
    else:
        assert module_of(path).is_file(), (
            f"{place}: no such module; a rule lies in a folder 'rules'"
        )


def test_every_module_is_tested_under_its_name_or_by_a_rule_that_is_named():
    mirrored = {module_of(path) for path in TEST_FILES}
    named = {
        module
        for path in TESTS.rglob("*.py")
        for module in named_by(path)
        if path.relative_to(TESTS).parts[0] in {room(module), "contracts"}
    }
    with_doctest = {path for path in modules() if ">>> " in path.read_text(encoding="utf-8")}
    in_families = {
        path for path in modules() for family in FAMILIES if PACKAGE / family in path.parents
    }
    left = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        if has_code(path) and path not in mirrored | named | with_doctest | in_families
    }
    assert left == set(SEEN_THROUGH)
    assert len(SEEN_THROUGH) <= MOST_SEEN_THROUGH
    for test in {*FAMILIES.values(), *SEEN_THROUGH.values()}:
        assert (TESTS / test).is_file(), test
