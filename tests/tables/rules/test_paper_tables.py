"""Tables for a paper: the numbers of the results, escaped for where they go."""

import csv
import io

import pytest

import paribus
from paribus.tables import ShownStudy, claims, effects, published
from paribus.tables.base.rendering import csv_text, html, latex, markdown
from tests.report.terminal.made_up import results as made_up

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tables(scope_results):
    return {table.name: table for table in paper_tables(scope_results.summary)}


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
def test_csv_has_the_numbers_of_the_json(scope_results, tables, name):
    shown, expected = rows_of(tables[name]), scope_results.to_json()[name]
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
