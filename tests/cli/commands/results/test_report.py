"""`paribus report`: the forms that a report has, and where it is written."""

import re
import shutil

import pytest

from paribus.api.report import printing
from tests.cli.typed import invoke

pytestmark = pytest.mark.slow


def test_markdown_stands_beside_its_charts(scope_run, tmp_path):
    found = invoke(
        "report", scope_run, "--format", "md", "--out", tmp_path / "new" / "my report.md"
    )
    assert found.exit_code == 0, found.output
    path = tmp_path / "new" / "my report.md"
    assert found.stdout.strip() == str(path)
    links = re.findall(r"\]\((.*?)\)", path.read_text())
    assert {"claims.svg", "effects.svg", "model-small-none.svg"} <= {
        link.rsplit("/", 1)[1] for link in links
    }
    for link in links:
        assert (path.parent / link.replace("%20", " ")).read_text().startswith("<svg")


def test_html_can_go_elsewhere_and_is_the_same_page(scope_run, tmp_path):
    assert invoke("report", scope_run, "--out", tmp_path / "page.html").exit_code == 0
    assert (tmp_path / "page.html").read_bytes() == (scope_run / "report.html").read_bytes()


def test_without_a_browser_one_error_says_what_to_install(scope_run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = invoke("report", scope_run, "--format", "pdf")
    assert found.exit_code == 2
    assert found.output == (
        "--format pdf: needs Chromium, Chrome or Edge to print the page, got none on PATH. Install one "
        "(Debian: apt install chromium), or open report.html and print it to PDF.\n"
    )
    assert not (scope_run / "report.pdf").exists()


def test_an_unknown_format_is_explained(scope_run):
    found = invoke("report", scope_run, "--format", "pfd")
    assert found.exit_code == 2
    assert (
        found.output == "--format: must be one of html, pdf, md, got 'pfd'. Did you mean 'pdf'?\n"
    )


@pytest.mark.browser
def test_what_is_printed_opens_what_is_folded_and_cuts_nothing(scope_run, tmp_path):
    if not any(map(shutil.which, printing.BROWSERS)):
        pytest.skip("no browser on this machine")
    target = tmp_path / "report.pdf"
    found = invoke("report", scope_run, "--format", "pdf", "--out", target)
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
