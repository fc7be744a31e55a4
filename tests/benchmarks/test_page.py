"""The report of a thousand trials: small, quick to open, and nothing is sampled away."""

import base64
import re

import pytest

from benchmarks.page import MOST_BYTES, MOST_SECONDS, load, made_up
from paribus.api.report.reporting import report_html
from paribus.charts.base.style import PALETTE

TRIALS = 25 * 40


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    results = made_up(folder)
    assert len(results.summary.trials) == TRIALS
    path = folder / "report.html"
    path.write_text(report_html(results), encoding="utf-8")
    return path


def drawing(page, alternative):
    (uri,) = re.findall(rf'src="data:image/svg\+xml;base64,([^"]+)" alt="{alternative}', page)
    return base64.b64decode(uri).decode()


@pytest.mark.slow
def test_a_thousand_trials_make_a_small_page_that_shows_each(page):
    assert page.stat().st_size < MOST_BYTES
    text = page.read_text(encoding="utf-8")
    dots = re.findall(rf'<path [^>]*fill="{PALETTE[0]}"', drawing(text, "One row per variant"))
    assert len(dots) == TRIALS
    curves = drawing(text, "Accuracy per epoch")
    thin = re.findall(r'd="([^"]+)"[^>]*stroke-width="0.6"', curves)
    assert sum(path.count("M") for path in thin) == 2 * TRIALS, "train and validation"
    assert sum(path.count("L") for path in thin) == 2 * TRIALS * 9, "ten epochs"


@pytest.mark.slow
@pytest.mark.browser
def test_a_thousand_trials_can_be_read_within_two_seconds(page, chromium):
    assert min(load(page, chromium, visits=3).seconds) < MOST_SECONDS
