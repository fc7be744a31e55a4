"""Charts that these tests draw are compared with Altair's schema, part by part."""

import pytest

from paribus.api.report.reporting import report_content
from paribus.api.run.running import RunOptions, run_study
from paribus.charts.base import style
from paribus.report.html import render_html
from paribus.study.load import study_from_mapping
from tests.report.hostile import hostile_study


@pytest.fixture(autouse=True)
def _checked(monkeypatch):
    monkeypatch.setattr(style, "CHECKED", True)


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory):
    """The page of a real run in which every name is hostile."""
    out = tmp_path_factory.mktemp("hostile") / "out"
    found = run_study(study_from_mapping(hostile_study()), out, RunOptions())
    return found, render_html(report_content(found))
