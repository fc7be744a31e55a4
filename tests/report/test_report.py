"""Tables and the page: right numbers, nothing executable, no network."""

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from paribus.api.report.reporting import report_content
from paribus.api.run.running import RunOptions, run_study
from paribus.judge.confusion import confusion
from paribus.judge.results import ClaimRow, StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.pictures.base.png import png_uri
from paribus.records import Claim, EpochRecord, Predictions, StoredTrial
from paribus.report.html import render_html
from paribus.study.load import study_from_mapping
from paribus.tables import trials
from paribus.tables.base.combined import latex_table, markdown_table
from paribus.tables.base.rendering import csv_text

HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> \"'& \x1b[31m \\input{x} $ % _ # { } </style> \u2028"
INTERVAL = Interval(0.9, 0.89, 0.91, 0.01, 5)


def csv_of(found):
    return csv_text(trials.table(found))


def results(name=HOSTILE):
    claim = Claim("c", name, "f", "a", ">", "b", "val_accuracy")
    records = tuple(EpochRecord(e, {"loss": 1 / e, "val_loss": 2 / e}, 1, 1, 0.1) for e in (1, 2))
    trials = tuple(
        StoredTrial(
            str(seed),
            name,
            {"f": name},
            seed,
            "train",
            "done",
            1,
            2,
            1.0,
            {"val_accuracy": 0.9},
            records,
        )
        for seed in range(3)
    )
    variants = (VariantSummary(name, {"f": name}, 3, 1, {"val_accuracy": INTERVAL}),)
    claims = (ClaimRow(claim, "supported", 0.02, 0.01, 0.03, 5, "because"),)
    return StudyResults(name, False, trials, variants, (), claims, None, (), ())


def test_csv_cells_start_no_formula_and_hold_no_control_characters():
    text = csv_of(results())
    assert "\x1b" not in text
    row = text.splitlines()[1]
    assert row.startswith(("\"'=cmd", "'=cmd"))
    assert csv_of(results("plain")).splitlines()[1] == "plain,plain,0,train,done,2,1.000,0.9,"


def test_markdown_and_latex_escape_what_they_would_run():
    text = markdown_table(results())
    assert "<script>" not in text
    assert r"\<script\>" in text
    text = latex_table(results())
    assert r"\textbackslash{}input\{x\} \$ \% \_ \# \{ \}" in text
    assert (
        latex_table(results("plain")).splitlines()[4]
        == r"plain & 3 (1 failed) & 90.00 \% [89.00, 91.00] \\"
    )


def test_the_confusion_matrix_is_scikit_learns():
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 3, 50)
    items = [
        Predictions("validation", np.arange(50), labels, draws.random((50, 3)).astype(np.float32))
        for _ in range(2)
    ]
    matrix = confusion(items, ("a", "b", "c"))
    guesses = np.concatenate([item.probabilities.argmax(1) for item in items])
    expected = confusion_matrix(np.tile(labels, 2), guesses)
    assert (np.array(matrix.counts) == expected).all()
    assert np.array(matrix.shares).sum(1) == pytest.approx([1, 1, 1])
    assert matrix.accuracy == pytest.approx(np.trace(expected) / 100)
    assert matrix.num_seeds == 2
    single = np.array([confusion_matrix(labels, item.probabilities.argmax(1)) for item in items])
    for ranges, cells in (
        (matrix.count_ranges, single),
        (matrix.share_ranges, single / single.sum(2, keepdims=True)),
    ):
        np.testing.assert_allclose(np.array(ranges)[..., 0], cells.min(0))
        np.testing.assert_allclose(np.array(ranges)[..., 1], cells.max(0))


def test_pictures_keep_every_pixel():
    import io

    from PIL import Image

    image = np.array([[[0], [8]], [[16], [4]]], np.uint8)
    content = base64.b64decode(png_uri(image, 16).removeprefix("data:image/png;base64,"))
    assert np.asarray(Image.open(io.BytesIO(content))).tolist() == [[0, 128], [255, 64]]


LEVEL = (
    "\"'& script alert(1) </style> ${7*7} {{7*7}}".replace("<", "")
    .replace("/", "")
    .replace(">", "")
)


def hostile_study():
    return {
        "study": "hostile",
        "question": HOSTILE.replace("\x1b", ""),
        "data": {"source": "digits", "split": {"train": 0.2, "validation": 0.1, "test": 0.7}},
        "model": {"layers": ["Flatten", {"Dense": {"units": 10, "activation": "softmax"}}]},
        "train": {"optimizer": "Adam", "epochs": 1, "batch_size": 32},
        "seeds": 2,
        "factors": {"f&\"'": {"a": None, LEVEL: {"set": {"train.epochs": 2}}}},
        "claims": [
            {
                "id": "<b>",
                "says": f"{LEVEL} > a on val_accuracy",
                "published": "<svg onload=alert(1)>",
            }
        ],
    }


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory):
    """The page of a real run in which every name is hostile."""
    out = tmp_path_factory.mktemp("hostile") / "out"
    found = run_study(study_from_mapping(hostile_study()), out, RunOptions())
    return found, render_html(report_content(found))


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
