"""The report as Markdown says what the results say."""

import re

import pytest

from paribus.api.report.reporting import report_content
from paribus.report.markdown import markdown_report

pytestmark = pytest.mark.slow


def test_the_markdown_report_says_what_the_results_say(scope_results):
    text = markdown_report(
        report_content(scope_results), [("claims", "c/claims.svg"), ("x-y", "c/x.svg")]
    )
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert heads == [
        r"Is \<b\>large\</b\> \| better?",
        "Claims",
        "Results",
        "Effects against the baseline",
        "Published values",
        "Findings",
        "Charts",
        "Methods",
    ]
    assert "![claims](c/claims.svg)" in text
    assert "![x y](c/x.svg)" in text
    for row in scope_results.summary.variants:
        assert f"| {row.name} | 5 |" in text
    for finding in scope_results.summary.findings:
        assert finding.severity in text
    assert "<b>" not in text
