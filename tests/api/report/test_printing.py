"""The report printed by a browser: which one, with what rights, and what is said where it fails."""

import os
import stat
import sys
import time

import pytest

from paribus.api.report import printing
from paribus.errors import StoreError
from tests.cli.typed import invoke

pytestmark = pytest.mark.slow


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """Write a script that stands in for a browser."""

    def write(body):
        path = tmp_path / "browser"
        path.write_text(f"#!{sys.executable}\nimport sys, time, pathlib\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(printing, "BROWSERS", (str(path),))
        return path

    return write


PRINT = (
    "target = [a for a in sys.argv if a.startswith('--print-to-pdf=')][0].split('=', 1)[1]\n"
    "pathlib.Path(target).write_bytes(b'%PDF-1.4 ' + ' '.join(sys.argv).encode())"
)


def test_a_browser_gets_a_profile_of_its_own_and_loses_its_sandbox_only_for_root(
    scope_run, browser, tmp_path, monkeypatch
):
    browser(PRINT)
    target = tmp_path / "r.pdf"
    for user in (0, 1000):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert invoke("report", scope_run, "--format", "pdf", "--out", target).exit_code == 0
        said = target.read_bytes().decode()
        assert said.startswith("%PDF")
        assert ("--no-sandbox" in said) == (user == 0)
        assert "--user-data-dir=" in said
        assert "--no-pdf-header-footer" in said


def test_a_browser_that_fails_is_named_and_the_old_file_stays(scope_run, browser, tmp_path):
    path = browser("print('no display', file=sys.stderr); sys.exit(1)")
    target = tmp_path / "r.pdf"
    target.write_bytes(b"old")
    found = invoke("report", scope_run, "--format", "pdf", "--out", target)
    assert found.exit_code == 2
    assert found.output == (
        f"{path}: must print the report to PDF, got no display. "
        "Print report.html by hand, or use --format html or md.\n"
    )
    assert target.read_bytes() == b"old"


def test_a_browser_that_hangs_is_ended(browser):
    path = browser("time.sleep(60)")
    asked = time.monotonic()
    with pytest.raises(StoreError, match=r"got nothing after 0\.5 seconds"):
        printing.printed("<p>", str(path), seconds=0.5)
    assert time.monotonic() - asked < 10
