"""Tables and the page: right numbers, nothing executable, no network."""

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_runs_nothing_and_loads_nothing(hostile_page):
    _, page = hostile_page
    parser = Tags()
    parser.feed(page)
    assert not {"script", "iframe", "object", "embed", "link", "form", "svg"} & set(parser.tags)
    assert not [a for a in parser.attributes if a[1].startswith("on")]
    assert all(
        value.startswith("data:image/") for tag, name, value in parser.attributes if name == "src"
    )
    links = [value for _, name, value in parser.attributes if name == "href"]
    assert all(value.startswith("#") for value in links), "links lead to parts of the page only"
    assert "alert(1)" in "".join(parser.text), "the hostile name is shown as text"
    assert len(page) < 5_000_000


def test_the_policy_allows_the_style_of_the_page_and_nothing_else(hostile_page):
    _, page = hostile_page
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;" in page
    assert "style=" not in page


def test_the_page_says_what_the_results_say(hostile_page):
    found, page = hostile_page
    parser = Tags()
    parser.feed(page)
    text = " ".join("".join(parser.text).split())
    for part in (
        "Results",
        "Claims",
        "Findings",
        "Training curves",
        "What was compared",
        "Looks at the test set",
        "Training, read off the trained objects",
        "keras formulas",
        "fp32",
    ):
        assert part in text
    for row in found.summary.variants:
        assert f"{100 * row.metrics['val_accuracy'].mean:.2f} %" in text


def test_a_cell_says_what_its_seeds_say(hostile_page):
    _, page = hostile_page
    text = "".join(page.split("Confusion matrix of")[2].split("</table>")[1])
    cells = re.findall(r'<td class="s\d+">([\d.]+)<small>([\d.]+)–([\d.]+)</small>', text)
    assert len(cells) > 10
    for percent, low, high in ((float(c) for c in cell) for cell in cells):
        assert low - 0.5 <= percent <= high + 0.5


@pytest.mark.browser
def test_a_browser_finds_no_violation(hostile_page, tmp_path):
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    (tmp_path / "page.html").write_text(hostile_page[1])
    switches = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=2000 --dump-dom"
    command = [
        chromium,
        *switches.split(),
        f"--user-data-dir={tmp_path / 'profile'}",
        f"file://{tmp_path / 'page.html'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "</html>" in done.stdout
    assert "Content Security Policy" not in done.stderr
    assert "CONSOLE" not in done.stderr
