"""Tables for a paper and the Markdown report: the numbers of the results, escaped for where they go."""

import csv
import io
import re

import pytest

import paribus
from paribus.api.report.reporting import report_content
from paribus.report.markdown import markdown_report
from paribus.tables import ShownStudy, claims, effects, published
from paribus.tables.base.rendering import csv_text, html, latex, markdown
from paribus.tables.base.table import Table, Verbatim
from tests.report.terminal.made_up import results as made_up

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(scope_run):
    return paribus.open_results(scope_run)


@pytest.fixture(scope="module")
def tables(results):
    return {table.name: table for table in paper_tables(results.summary)}


def paper_tables(summary):
    """Claims, effects and published values, which need nothing but the results."""
    study = ShownStudy(None, summary)
    return [table for file in (claims, effects, published) for table in file.tables(study)]


def rows_of(table):
    return list(csv.DictReader(io.StringIO(csv_text(table))))


def test_there_is_a_table_of_claims_effects_and_published_values(tables):
    assert list(tables) == ["claims", "effects", "published"]
    assert not list(paper_tables(paribus.judge.results.StudyResults("s", False, (), (), (), (), None, (), ())))  # fmt: skip


@pytest.mark.parametrize("name", ["claims", "effects", "published"])
def test_csv_has_the_numbers_of_the_json(results, tables, name):
    shown, expected = rows_of(tables[name]), results.to_json()[name]
    assert len(shown) == len(expected)
    for row, other in zip(shown, expected, strict=True):
        for key in set(row) - {"within"} - ({"metric"} if name == "claims" else set()):
            value = other[key]
            if isinstance(value, float):
                assert float(row[key]) == value
            else:
                assert row[key] == ("" if value is None else str(value))


def test_markdown_and_latex_have_a_line_per_row(tables):
    for table in tables.values():
        assert len(markdown(table).splitlines()) == len(table.cells) + 2
        assert latex(table).count(r"\\") == len(table.cells) + 1
        assert latex(table).startswith(r"\begin{tabular}{l")
        assert html(table).count("<tr>") == len(table.cells) + 1


def test_a_cell_that_a_spreadsheet_would_run_is_text():
    found = made_up(("=1+1", "b", "c"))
    (claims, published) = paper_tables(found)
    assert rows_of(claims)[0]["says"].startswith("'=1+1")
    assert rows_of(published)[0]["variant"] == "'=1+1"
    assert rows_of(claims)[2]["estimate"] == ""


def test_the_markdown_report_says_what_the_results_say(results):
    text = markdown_report(
        report_content(results), [("claims", "c/claims.svg"), ("x-y", "c/x.svg")]
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
    for row in results.summary.variants:
        assert f"| {row.name} | 5 |" in text
    for finding in results.summary.findings:
        assert finding.severity in text
    assert "<b>" not in text


def test_names_start_no_formula_in_a_head_or_a_cell_and_numbers_stay_numbers():
    columns, rows = ("truth", "+1", "-x"), [("@SUM(A1)", -1.5, Verbatim("-0.25"))]
    text = csv_text(Table("confusion", columns, [], columns, rows))
    assert text == "truth,'+1,'-x\n'@SUM(A1),-1.5,-0.25\n"
