"""To add something is to add one file: what a temporary plug-in adds appears everywhere it should."""

import copy
import importlib
import json
import sys

import pytest

import paribus
from docs import generate
from paribus import charts, tables
from paribus.api.exporting import write_figures
from paribus.api.reporting import report_html
from paribus.api.running import RunOptions
from paribus.judge import checks
from paribus.store import kinds
from paribus.store.store import open_store
from tests.conftest import TINY


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run."""
    out = tmp_path_factory.mktemp("run") / "out"
    paribus.from_mapping(copy.deepcopy(TINY)).run(out, options=RunOptions(jobs=1))
    return out


@pytest.fixture
def plug(tmp_path, monkeypatch):
    """A function that adds a module to a package for the time of a test."""

    def add(package, name, text):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        monkeypatch.delitem(sys.modules, f"{package.__name__}.{name}", raising=False)
        importlib.invalidate_caches()

    yield add
    for name in [name for name in sys.modules if name.endswith("_of_a_plug_in")]:
        del sys.modules[name]


CHART = '''
"""How many epochs each variant was trained."""

from paribus.charts import Chart, Entry

ENTRY = Entry("lengths", "How many epochs each variant was trained.", 55, {section!r})


def points(study):
    return {{trial.variant: trial.epochs for trial in study.results.trials}}


def draw(found):
    return f"<svg xmlns='http://www.w3.org/2000/svg'><text>{{len(found)}} variants</text></svg>"


def charts(study):
    yield Chart("lengths", "Epochs by variant", "Two epochs each.", draw(points(study)))
'''


def test_a_chart_is_one_file(plug, folder, tmp_path):
    plug(charts, "lengths_of_a_plug_in", CHART.format(section="curves"))
    results = paribus.open_results(folder)
    page = report_html(results)
    assert page.count("<h3>Epochs by variant</h3>") == 1
    assert page.index('id="curves"') < page.index("Epochs by variant") < page.index('id="cost"')
    assert results.plot.lengths().title == "Epochs by variant"
    assert "lengths" in dir(results.plot)
    written = write_figures(results, tmp_path / "figures")
    assert tmp_path / "figures" / "lengths.svg" in written
    notebook = json.loads((tmp_path / "figures" / "figures.ipynb").read_text())
    assert "results.plot.lengths()" in [cell["source"] for cell in notebook["cells"]]
    assert "| `lengths_of_a_plug_in` | How many epochs" in generate.charts_page()


@pytest.mark.parametrize(
    "section",
    ["claims", "results", "effects", "overview", "curves", "cost", "errors"],
)
def test_every_part_of_the_page_shows_the_charts_that_name_it(plug, folder, section):
    before = report_html(paribus.open_results(folder)).count("data:image/svg+xml")
    plug(charts, "lengths_of_a_plug_in", CHART.format(section=section))
    page = report_html(paribus.open_results(folder))
    assert page.count("data:image/svg+xml") == before + 1
    assert "Epochs by variant" in page


def test_a_chart_for_a_part_that_the_page_has_not_is_refused(plug, folder):
    plug(charts, "lengths_of_a_plug_in", CHART.format(section="nowhere"))
    with pytest.raises(ValueError, match="lengths_of_a_plug_in: no part of the page is called"):
        report_html(paribus.open_results(folder))


TABLE = '''
"""How many epochs each trial was trained."""

from paribus.tables import Entry, Table

ENTRY = Entry("How many epochs each trial was trained.", 15)


def tables(study):
    rows = [(trial.variant, trial.epochs) for trial in study.results.trials]
    cells = [(name, str(epochs)) for name, epochs in rows]
    yield Table("lengths", ("variant", "epochs"), cells, ("variant", "epochs"), rows)
'''


def test_a_table_is_one_file(plug, folder, tmp_path):
    plug(tables, "lengths_of_a_plug_in", TABLE)
    results = paribus.open_results(folder)
    frame = results.tables.lengths_of_a_plug_in()
    assert list(frame.epochs) == [2, 2, 2, 2]
    assert "lengths_of_a_plug_in" in dir(results.tables)
    written = write_figures(results, tmp_path / "figures")
    names = {path.name for path in written}
    assert {"lengths.csv", "lengths.md", "lengths.tex"} <= names
    assert (tmp_path / "figures" / "lengths.csv").read_text().startswith("variant,epochs\n")
    assert "| `lengths_of_a_plug_in` | How many epochs" in generate.tables_page()


CHECK = '''
"""A study whose name is short."""

from paribus.judge.results import Finding


def check(study):
    if len(study.plan.study) < 10:
        yield Finding(
            "name_of_a_plug_in", "note", "study", "its name has few letters", "Use more"
        )
'''


def test_a_check_is_one_file(plug, folder):
    plug(checks, "name_of_a_plug_in", CHECK)
    results = paribus.open_results(folder)
    assert "its name has few letters" in report_html(results)


STORE = '''
"""A store in memory that forgets at its end."""

from paribus.store.kinds.sql import SqlStore
from paribus.store.schema import open_engine

SCHEMES = ("forgetful",)


def open_database(database, *, read_only=False):
    return SqlStore(open_engine("sqlite://"), database)
'''


def test_a_store_is_one_file(plug):
    plug(kinds, "forgetful_of_a_plug_in", STORE)
    with open_store("forgetful://anywhere") as store:
        store.register("study", "text", "{}", "now")
        assert len(store.registrations()) == 1
    with open_store("forgetful://anywhere") as store:
        assert store.registrations() == ()
