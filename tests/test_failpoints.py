"""Every write, fsync, rename, removal and commit of the source stands behind a named point."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paribus import failpoints

PACKAGE = Path(__file__).parents[1] / "src" / "paribus"
MODULES = {"os", "shutil", "np"}
OF_MODULES = {
    *("fsync", "replace", "rename", "remove", "unlink", "link", "symlink", "rmdir", "truncate"),
    *("rmtree", "move", "copy", "copy2", "copyfile", "copytree", "save", "savez"),
}
OF_PATHS = {"rename", "unlink", "write_text", "write_bytes", "rmdir", "tofile"}
ELSEWHERE = {
    ("api/report/printing.py", "printed"): "a folder of its own, removed at once",
    ("api/report/printing.py", "_run"): "a log in that folder",
    ("serve/app.py", "_classified"): "an upload, in a folder that is removed at once",
    ("store/read_only.py", "_copied"): "a copy to read from, removed at once",
    ("standard_files.py", "fill_standard_files"): "the null device",
    ("testing/executor.py", "test_a_disk_that_takes_nothing_stops_the_run"): "a test's own folder",
    (
        "data/sources/base/official.py",
        "_stream",
    ): "a download, whose SHA-256 is checked before it is used",
}
"""(file, function) -> why nothing that lasts is written there."""


def is_write(call: ast.Call) -> bool:
    """Whether a call changes files: by its name, and `replace` by having one argument."""
    function = call.func
    if not isinstance(function, ast.Attribute):
        return isinstance(function, ast.Name) and function.id == "open" and opens_to_write(call, 1)
    plain = len(call.args) <= 1 and not call.keywords
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if owner in MODULES:
        return function.attr in OF_MODULES
    if function.attr == "open":
        return opens_to_write(call, 0)
    if function.attr == "replace":
        return len(call.args) == 1 and not call.keywords
    if function.attr == "rename":
        return plain
    return function.attr in OF_PATHS or function.attr == "commit"


def opens_to_write(call: ast.Call, place: int) -> bool:
    modes = [*call.args[place : place + 1], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(isinstance(m, ast.Constant) and set(str(m.value)) & set("wax+") for m in modes)


def is_point(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "reach"


def begins(expression: ast.expr) -> bool:
    """Whether a block is a transaction, which commits at its end."""
    function = getattr(expression, "func", None)
    return isinstance(function, ast.Attribute) and function.attr == "begin"


def unnamed(tree: ast.AST):
    """Every (function, line) of a write that has no point of its own right before it."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        named = False
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            if is_point(call):
                named = True
            elif is_write(call):
                if not named:
                    yield function.name, call.lineno
                named = False
        for node in ast.walk(function):
            if isinstance(node, ast.With) and begins(node.items[0].context_expr):
                inside = [n for part in node.body for n in ast.walk(part)]
                if not any(isinstance(n, ast.Call) and is_point(n) for n in inside):
                    yield function.name, node.lineno


def test_no_write_is_without_a_point():
    found = {
        (path.relative_to(PACKAGE).as_posix(), function): line
        for path in sorted(PACKAGE.rglob("*.py"))
        if "migrations" not in path.parts
        for function, line in unnamed(ast.parse(path.read_text()))
    }
    assert set(found) == set(ELSEWHERE), "call paribus.durable, or paribus.failpoints.reach first"


@pytest.mark.parametrize(
    "line",
    [
        "os.fsync(file)",
        "os.replace(a, b)",
        "path.replace(other)",
        "path.rename(other)",
        "path.unlink(missing_ok=True)",
        "shutil.rmtree(folder)",
        "path.write_text(text, encoding='utf-8')",
        "path.open('wb')",
        "open(path, mode='a')",
        "np.save(path, array)",
        "connection.commit()",
    ],
)
def test_the_reader_of_the_source_sees_every_kind_of_write(line):
    assert list(unnamed(ast.parse(f"def f():\n    {line}"))) == [("f", 2)]
    assert not list(unnamed(ast.parse(f"def f():\n    reach('f.write')\n    {line}")))
    twice = f"def f():\n    reach('f.write')\n    {line}\n    {line}"
    assert list(unnamed(ast.parse(twice))) == [("f", 4)]


@pytest.mark.parametrize(
    "line",
    ["text.replace('a', 'b')", "replace(a, b=1)", "frame.rename(index=f)", "path.open('rb')"],
)
def test_what_writes_nothing_needs_no_point(line):
    assert not list(unnamed(ast.parse(f"def f():\n    {line}")))


def call(point, log, code):
    environment = {**os.environ, failpoints.LOG: str(log)} | (
        {failpoints.POINT: point} if point else {}
    )
    code = f"from paribus.failpoints import reach\n{code}"
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode


def test_a_process_ends_at_the_named_time_and_no_other(tmp_path):
    code = "for k in range(3): reach('a.write'); reach('b.write')"
    log = tmp_path / "log"
    assert call("a.write:2", log, code) == -signal.SIGKILL
    said = [line.split()[:2] for line in log.read_text().splitlines()]
    assert said == [["passed", "a.write"], ["passed", "b.write"], ["ended", "a.write"]]
    assert call("a.write:4", tmp_path / "none", code) == 0
    assert call("c.write:1", tmp_path / "none", code) == 0
    assert call("", tmp_path / "all", code) == 0
    assert len((tmp_path / "all").read_text().splitlines()) == 6


def test_nothing_is_watched_unless_it_is_asked_for():
    assert failpoints._watch is None
    failpoints.reach("a.write")
