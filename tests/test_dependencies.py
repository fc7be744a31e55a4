"""What is imported is declared, what is declared is imported, and the pinned versions are within the bounds."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OURS = {"paribus", "benchmarks", "docs", "studies", "tests"}

DISTRIBUTIONS = {
    "PIL": "pillow",
    "axe_playwright_python": "axe-playwright-python",
    "ruamel": "ruamel-yaml",
    "sklearn": "scikit-learn",
    "vl_convert": "vl-convert-python",
}
"""Names of imports that are not the distribution's."""
EXTRAS_OF = {"serve/app.py": {"serve"}, "serve/server.py": {"serve"}}
"""Files of the package that may import what extras bring."""
BY_NAME = {"psycopg": "SQLAlchemy imports the driver that a store's address names"}
TOOLS = {
    "hatchling": "builds the package, also in a test",
    "ipykernel": "runs the notebooks of the course",
    "mypy": "run by make lint",
    "pandas-stubs": "read by mypy",
    "pytest-xdist": "an option of pytest",
    "ruff": "run by make lint",
    "scipy-stubs": "read by mypy",
    "types-psutil": "read by mypy",
}
"""Development dependencies that nothing imports."""
UNBOUNDED = {"pillow", "platformdirs", "rich"}
"""Their majors only end what has warned for a year, or nothing that is used here: decision 25."""


def requirements(lines):
    return {canonicalize_name(item.name): item for item in map(Requirement, lines)}


CORE = requirements(PROJECT["dependencies"])
EXTRAS = {
    name: requirements(PROJECT["optional-dependencies"][name]) for name in ("postgres", "serve")
}
DEV = requirements(PROJECT["optional-dependencies"]["dev"])


def imports(path):
    """Return the distributions that a file imports, at its top or within functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
    tops = {name.partition(".")[0] for name in found} - OURS - set(sys.stdlib_module_names)
    return {DISTRIBUTIONS.get(name, canonicalize_name(name)) for name in tops}


def imported_by(*folders):
    """Return what each file of folders imports, by its path within the first folder."""
    return {
        path.relative_to(folder).as_posix(): imports(path)
        for folder in folders
        for path in folder.rglob("*.py")
    }


PACKAGE = imported_by(ROOT / "src" / "paribus")


def test_every_import_of_the_package_is_declared():
    undeclared = {}
    for file, found in PACKAGE.items():
        declared = set(CORE).union(*(EXTRAS[extra] for extra in EXTRAS_OF.get(file, ())))
        if found - declared:
            undeclared[file] = found - declared
    assert not undeclared


def test_every_declared_dependency_is_imported():
    everything = set().union(*PACKAGE.values())
    assert set(CORE) - everything == set()
    for names in EXTRAS.values():
        assert set(names) - everything - set(BY_NAME) == set()
    assert not set(BY_NAME) & everything


def test_files_that_may_import_extras_do():
    for file, extras in EXTRAS_OF.items():
        for extra in extras:
            assert PACKAGE[file] & set(EXTRAS[extra]), file


def test_what_tests_and_pages_import_is_declared_for_development():
    found = set().union(*imported_by(ROOT / "tests", ROOT / "docs", ROOT / "studies").values())
    assert found - set(CORE) - set(DEV) == set()
    assert set(DEV) - found - set().union(*EXTRAS.values()) == set(TOOLS)


def test_development_installs_every_extra_within_the_same_bounds():
    for names in EXTRAS.values():
        for name, wanted in names.items():
            assert str(DEV[name]) == str(wanted)
    assert not set(CORE) & set(DEV)


@pytest.mark.parametrize("name", sorted(CORE | EXTRAS["postgres"] | EXTRAS["serve"]))
def test_a_dependency_has_the_bounds_it_needs(name):
    wanted = (CORE | EXTRAS["postgres"] | EXTRAS["serve"])[name]
    operators = {part.operator for part in wanted.specifier}
    assert operators == ({">="} if name in UNBOUNDED else {">=", "<"})


def test_pinned_versions_are_within_the_bounds():
    pinned = requirements(
        line
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line[:1] != "#"
    )
    for name, wanted in (CORE | DEV).items():
        (exact,) = pinned[name].specifier
        assert wanted.specifier.contains(exact.version), f"{wanted}, pinned {exact.version}"


def test_the_declared_pythons_begin_at_the_oldest_that_works():
    declared = {
        line.rpartition(" ")[2]
        for line in PROJECT["classifiers"]
        if line.startswith("Programming Language :: Python :: 3.")
    }
    assert declared == {"3.11", "3.12", "3.13", "3.14"}
    assert PROJECT["requires-python"] == ">=3.11"
