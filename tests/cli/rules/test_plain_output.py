"""Nothing that a command prints can steer a terminal, wherever the text came from.

Hostile names stand wherever a study, its data or the command line can put one; every command is run, into
pipes and on a terminal, and its bytes are looked at.
"""

import json
import os
import pty
import re
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import paribus
from paribus.cli.main import app
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


HOSTILE = "\x1b[31mred\x1b]0;t\x07\u202eevil\x9b1m\x7f\u2066[bold]x:smile:"


NAME = "\x1b[31m\u202e\x9b1m\x7f[bold]:smile:"
"""Short enough for the name of a level."""


SURROGATE = os.fsdecode(b"bad\xff\xfe")


FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


OURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""Colours and movements that Rich makes for a terminal."""


def steering(text):
    """Return what in an output could steer a terminal."""
    return FORBIDDEN.findall(text)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder, draw = tmp_path_factory.mktemp("plain") / f"data {NAME}", np.random.default_rng(0)
    for label, name in enumerate((f"a{NAME}", f"b{NAME}")):
        for number in range(20):
            pixels = draw.integers(0, 80, (8, 8), dtype=np.uint8)
            pixels[:4] += 150 * label
            path = folder / name / f"{NAME} {number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return folder


@pytest.fixture(scope="module")
def study(pictures):
    some, other = f"s{NAME}", f"n{NAME}"
    return {
        "study": "hostile",
        "question": f"Is it {HOSTILE}?",
        "data": {"source": str(pictures), "split": {"train": 0.6, "validation": 0.2, "test": 0.2}, "preprocess": ["scale"]},
        "model": {"layers": ["Flatten", {"Dense": {"name": "output", "units": 2, "activation": "softmax"}}]},
        "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 2, "batch_size": 8},
        "seeds": 2,
        "factors": {f"f{NAME}": {other: None, some: {"set": {"train.epochs": 3}}}},
        "claims": [{"id": HOSTILE, "says": f"{some} > {other} on val_accuracy", "published": HOSTILE}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def run(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain") / f"out {NAME}"
    paribus.from_mapping(study).run(folder)
    with sqlite3.connect(folder / "paribus.db") as database:  # as if a library had said so
        database.execute(
            "UPDATE trial SET status = 'failed', reason = ? WHERE seed = 1 AND variant LIKE 's%'",
            (f"RuntimeError: {HOSTILE}",),
        )
    database.close()
    return folder


def commands(run, pictures, tmp_path):
    picture = next(pictures.rglob("*.png"))
    missing = tmp_path / f"none {HOSTILE}"
    audit = tmp_path / f"audit {NAME}.csv"
    rows = [
        f"{name},{seed},0.{seed}5" for name in (f"a{HOSTILE}", f"b{HOSTILE}") for seed in (1, 2)
    ]
    audit.write_text("\n".join(["variant,seed,val_accuracy", *rows]) + "\n", encoding="utf-8")
    return [
        ["status", run],
        ["status", run, "--json"],
        *(["results", run, *kind] for kind in ([], ["--json"], ["--csv"], ["--markdown"], ["--latex"])),
        ["report", run, "--out", tmp_path / f"r {NAME}.html"],
        ["report", run, "--out", tmp_path / f"r {NAME}.md", "--format", "md"],
        ["report", run, "--format", HOSTILE],
        ["figures", run, tmp_path / f"figures {NAME}"],
        ["compare", run, run],
        ["compare", run, run, "--metric", HOSTILE],
        *(["predict", run, picture, *more] for more in ([], ["--json"], ["--variant", HOSTILE])),
        ["predict", run, missing],
        ["predict", run, audit],
        *(["explain", run, picture, *more] for more in ([], ["--json"], ["--variant", HOSTILE])),
        *(["test", run, "--on", pictures, *more] for more in ([], ["--json"])),
        ["test", run, "--on", missing],
        *(["audit", audit, *more] for more in ([], ["--json"], ["--claim", HOSTILE])),
        *([name, missing] for name in ("status", "results", "report", "audit", "check", "plan", "run")),
        ["run", run, "--set", f"train.{HOSTILE}={HOSTILE}"],
        ["run", run, "--only", HOSTILE],
        ["plan", run / "study.yaml", "--quick"],
        ["plan", run / "study.yaml", "--quick", "--json"],
        ["plan", run / "study.yaml", "--set", HOSTILE],
        ["check", run / "study.yaml"],
        ["gradcheck", run / "study.yaml"],
        ["gradcheck", run / "study.yaml", "--variant", HOSTILE],
        ["init", missing / "x.yaml"],
        ["init", tmp_path / f"new {NAME}.yaml"],
        ["serve", missing],
        [HOSTILE],
        ["status", run, f"--{HOSTILE}"],
        ["plan", run / "study.yaml", "--seeds", HOSTILE],
        ["results", run, HOSTILE],
        ["run", run, "--device", HOSTILE],
    ]  # fmt: skip


@pytest.mark.slow
def test_every_command_of_every_kind_says_only_plain_text(run, pictures, tmp_path):
    said = {}
    for command in commands(run, pictures, tmp_path):
        words = list(map(str, command))
        found = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
        assert found.exception is None or isinstance(found.exception, SystemExit), words
        assert not steering(found.stdout), (words, steering(found.stdout), found.stdout)
        assert not steering(found.stderr), (words, steering(found.stderr), found.stderr)
        said[words[0]] = said.get(words[0], "") + found.stdout + found.stderr
        if "--json" in words and found.exit_code < 2:
            assert found.stdout.isascii()
            json.loads(found.stdout)
    assert {path.stem for path in (ROOT / "src/paribus/cli").glob("*.py")} - said.keys() == {
        *("__init__", "explained", "main", "options", "saying"),
    }
    assert "[bold]:smile:" in said["results"]  # markup and emoji are text like any other
    assert "[bold]:smile:" in said["predict"]
    assert "[bold]x:smile:" in said["status"]


def test_tables_for_spreadsheets_papers_and_pages_are_plain(run, pictures, tmp_path):
    folder = tmp_path / "figures"
    CliRunner().invoke(app, ["figures", str(run), str(folder)])
    texts = [p for p in folder.iterdir() if p.suffix in (".csv", ".md", ".tex")]
    assert len(texts) > 5
    for path in texts:
        assert not steering(path.read_text(encoding="utf-8")), path.name


def on_a_terminal(*arguments, cwd):
    """Run a command on a pseudo terminal; return its bytes as text, without what Rich made."""
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    process = subprocess.Popen(
        [sys.executable, "-m", "paribus", *map(str, arguments)],
        stdin=child, stdout=child, stderr=child, env=environment, cwd=cwd, close_fds=True,
    )  # fmt: skip
    os.close(child)
    found = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    process.wait()
    os.close(parent)
    return OURS.sub("", found.decode("utf-8").replace("\r", "")), found


@pytest.mark.slow
def test_a_terminal_gets_only_our_own_colours(run, pictures, tmp_path):
    picture = next(pictures.rglob("*.png"))
    for command in (
        ["run", run, "--seeds", "3"],
        ["results", run],
        ["status", run],
        ["predict", run, picture],
        ["predict", run, tmp_path / HOSTILE],
        ["plan", run / "study.yaml", "--quick"],
    ):
        text, content = on_a_terminal(*command, cwd=tmp_path)
        assert not steering(text), (command, steering(text))
        assert b"\x1b[31mred" not in content
        assert b"\x1b]0" not in content
        assert b"\x9b" not in content.replace("\u271b".encode(), b"").replace(b"\xe2\x9b", b"")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_output_does(run, encoding, tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "120"}
    for command in (["results", run], ["plan", run / "study.yaml", "--quick"], ["status", tmp_path / SURROGATE]):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "paribus", *map(str, command)],
            capture_output=True, env=environment, check=False,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr, done.stderr
        for output in (done.stdout, done.stderr):
            assert not steering(output.decode(encoding))


def test_warnings_and_our_own_bugs_are_printed_plainly():
    code = (
        "import warnings\nfrom paribus.cli.saying import speak_plainly\nspeak_plainly()\n"
        "warnings.warn('w\\x1b[31m\\u202e')\nraise RuntimeError('e\\x1b[31m\\x9b\\udcff')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    text = done.stderr.decode("utf-8")
    assert "RuntimeError: e\ufffd[31m" in text
    assert "UserWarning: w\ufffd[31m" in text
    assert not steering(text)


def test_everything_that_is_printed_goes_through_one_place():
    """A direct print, echo or console anywhere else would be a way around it."""
    allowed = {"cli/saying.py", "report/terminal/screen.py"}
    forbidden = re.compile(
        r"(?<![\w.])print\(|typer\.echo|typer\.secho|\bConsole\(|sys\.(__)?std(out|err)(__)?\.write|rich import print"
    )
    package = ROOT / "src" / "paribus"
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if forbidden.search(path.read_text(encoding="utf-8"))
    }
    assert users <= allowed, users - allowed
