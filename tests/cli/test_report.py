"""`paribus report` in its three forms, and what it says where it cannot print."""

import os
import re
import shutil
import stat
import sys
import time

import pytest
from typer.testing import CliRunner

import paribus
from paribus.api.report import printing
from paribus.cli.main import app
from paribus.errors import StoreError
from tests.api.results.test_record import STUDY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "out"
    paribus.from_mapping({**STUDY, "seeds": 2}).run(folder)
    return folder


def invoke(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


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


def test_markdown_stands_beside_its_charts(run, tmp_path):
    found = invoke(run, "--format", "md", "--out", tmp_path / "new" / "my report.md")
    assert found.exit_code == 0, found.output
    path = tmp_path / "new" / "my report.md"
    assert found.stdout.strip() == str(path)
    links = re.findall(r"\]\((.*?)\)", path.read_text())
    assert {"claims.svg", "effects.svg", "model-small-none.svg"} <= {
        link.rsplit("/", 1)[1] for link in links
    }
    for link in links:
        assert (path.parent / link.replace("%20", " ")).read_text().startswith("<svg")


def test_html_can_go_elsewhere_and_is_the_same_page(run, tmp_path):
    assert invoke(run, "--out", tmp_path / "page.html").exit_code == 0
    assert (tmp_path / "page.html").read_bytes() == (run / "report.html").read_bytes()


def test_without_a_browser_one_error_says_what_to_install(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = invoke(run, "--format", "pdf")
    assert found.exit_code == 2
    assert found.output == (
        "--format pdf: needs Chromium, Chrome or Edge to print the page, got none on PATH. Install one "
        "(Debian: apt install chromium), or open report.html and print it to PDF.\n"
    )
    assert not (run / "report.pdf").exists()


def test_an_unknown_format_is_explained(run):
    found = invoke(run, "--format", "pfd")
    assert found.exit_code == 2
    assert (
        found.output == "--format: must be one of html, pdf, md, got 'pfd'. Did you mean 'pdf'?\n"
    )


def test_a_browser_gets_a_profile_of_its_own_and_loses_its_sandbox_only_for_root(
    run, browser, tmp_path, monkeypatch
):
    browser(PRINT)
    target = tmp_path / "r.pdf"
    for user in (0, 1000):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert invoke(run, "--format", "pdf", "--out", target).exit_code == 0
        said = target.read_bytes().decode()
        assert said.startswith("%PDF")
        assert ("--no-sandbox" in said) == (user == 0)
        assert "--user-data-dir=" in said
        assert "--no-pdf-header-footer" in said


def test_a_browser_that_fails_is_named_and_the_old_file_stays(run, browser, tmp_path):
    path = browser("print('no display', file=sys.stderr); sys.exit(1)")
    target = tmp_path / "r.pdf"
    target.write_bytes(b"old")
    found = invoke(run, "--format", "pdf", "--out", target)
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


@pytest.mark.browser
def test_what_is_printed_opens_what_is_folded_and_cuts_nothing(run, tmp_path):
    if not any(map(shutil.which, printing.BROWSERS)):
        pytest.skip("no browser on this machine")
    target = tmp_path / "report.pdf"
    found = invoke(run, "--format", "pdf", "--out", target)
    assert found.exit_code == 0, found.output
    content = target.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 4
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("no pdftotext on this machine")
    import subprocess

    text = subprocess.run([reader, "-layout", target, "-"], capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert "evaluation_batch" in text
    assert "early_stopping: null" in text, "the folded settings are printed"
    assert "large/some" in text
