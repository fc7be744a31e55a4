"""What only reads works where nothing can be written, and leaves no trace where it could."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import paribus
from paribus.api.run.folder import in_use, locked
from paribus.cli.main import app
from tests.conftest import TINY
from tests.store.test_read_only import snapshot, switch

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("read-only") / "out"
    paribus.from_mapping({**TINY, "select": {"test": "once"}}).run(folder)
    return folder


def commands(folder, elsewhere):
    picture = elsewhere / "a.png"
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(picture)
    return [
        ["status", folder],
        ["status", folder, "--json"],
        *(["results", folder, *kind] for kind in ([], ["--json"], ["--csv"], ["--latex"])),
        ["report", folder, "--out", elsewhere / "report.html"],
        ["figures", folder, elsewhere / "figures"],
        ["compare", folder, folder],
        ["predict", folder, picture],
        ["explain", folder, picture],
    ]


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_readers_work_in_a_folder_that_cannot_be_written(run, tmp_path, unwritable, mode):
    copy = shutil.copytree(run, tmp_path / "copy")
    switch(copy / "paribus.db", mode)
    folder = unwritable(copy)
    for command in commands(folder, tmp_path):
        found = CliRunner().invoke(app, list(map(str, command)))
        assert found.exit_code in (0, 1), (command, found.output)
        assert found.exception is None or isinstance(found.exception, SystemExit)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_readers_leave_no_trace(run, tmp_path, mode):
    copy = shutil.copytree(run, tmp_path / "copy")
    switch(copy / "paribus.db", mode)
    (copy / ".lock").unlink(missing_ok=True)
    before = snapshot(copy)
    for command in commands(copy, tmp_path):
        CliRunner().invoke(app, list(map(str, command)))
    assert snapshot(copy) == before


def test_a_report_into_a_folder_that_cannot_be_written_says_so(run, unwritable):
    folder = unwritable(run)
    found = CliRunner().invoke(app, ["report", str(folder)])
    assert found.exit_code == 2
    assert f"{folder / 'report.html'}: must be writable" in found.stderr


def test_a_run_in_a_folder_that_cannot_be_written_says_so(run, unwritable):
    folder = unwritable(run)
    found = CliRunner().invoke(app, ["run", str(folder)])
    assert (found.exit_code, found.stderr.count("\n")) == (2, 1)
    assert f"{folder}: must be a folder that can be written to" in found.stderr


def test_the_live_page_of_a_folder_that_cannot_be_written(run, unwritable):
    from paribus.serve.pages import existing_library

    folder = unwritable(run)
    library = existing_library(folder)
    parts = library.single.parts()
    assert "4 of 4 trials done" in parts["live"]
    assert "results" in parts
    assert "tiny" in library.single.report()
    assert "tiny" in existing_library(folder.parent).parts()["studies"]


def test_whether_a_run_is_at_work_is_seen_without_writing(run, unwritable):
    code = (
        "import sys, pathlib\nfrom paribus.api.run.folder import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(run)], stdin=-1, stdout=-1, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        assert in_use(run)
        holder.stdin.close()
    assert not in_use(run)
    with locked(run):
        assert in_use(run)
    assert not in_use(unwritable(run))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs two users")
@pytest.mark.parametrize("readable", [True, False])
def test_a_folder_of_somebody_else_is_read_or_refused(run, readable):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        copy = shutil.copytree(run, Path(name) / "copy")
        copy.chmod(0o755 if readable else 0o700)
        (copy / ".lock").chmod(0o600)
        done = as_nobody("status", copy, "--json")
        if readable:
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["done"] == 4
        else:
            assert done.returncode == 2
            assert "Traceback" not in done.stderr
            assert "is not readable" in done.stderr


def as_nobody(*arguments):
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    command = [*user, sys.executable, "-m", "paribus", *map(str, arguments)]
    environment = {**os.environ, "HOME": "/nonexistent"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
