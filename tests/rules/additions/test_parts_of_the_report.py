"""A chart, a picture or a table is one file that appears everywhere it should."""

import json

import pytest

import paribus
from docs import generate
from paribus import charts, pictures, tables
from paribus.api.report.exporting import write_figures
from paribus.api.report.reporting import report_content, report_html
from paribus.report.html import render_parts

pytestmark = pytest.mark.slow


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
    with pytest.raises(
        ValueError, match="lengths_of_a_plug_in: no part of the page with charts is called"
    ):
        report_html(paribus.open_results(folder))


PICTURE = '''
"""The darkest training images."""

from paribus.pictures import Entry
from paribus.pictures.base.picking import picture
from paribus.pictures.base.sheets import ImageSheet

ENTRY = Entry("Darkest images", "The darkest training images.", 55, ("images",), {section!r})


def show(kept, most=3):
    gallery = kept.images()
    ids = sorted(gallery.groups["samples"], key=lambda k: gallery.images[gallery.place(k)].sum())
    found = tuple(picture(kept, gallery, int(index)) for index in ids[:most])
    return ImageSheet("Darkest images", found, note="Not by eye.")
'''


def test_a_picture_is_one_file(plug, folder, tmp_path):
    plug(pictures, "darkest_of_a_plug_in", PICTURE.format(section="images"))
    results = paribus.open_results(folder)
    page = report_html(results)
    heading = '<h2 id="darkest-of-a-plug-in">Darkest images</h2>'
    assert page.index('id="samples"') < page.index(heading) < page.index('id="design"')
    assert '<a href="#darkest-of-a-plug-in">Darkest images</a>' in page
    sheet = results.images.darkest_of_a_plug_in()
    assert [len(sheet), len(results.images.darkest_of_a_plug_in(most=1))] == [3, 1]
    assert all(f'<li><img src="{item.uri}"' in page for item in sheet.pictures)
    assert "darkest_of_a_plug_in" in dir(results.images)
    written = write_figures(results, tmp_path / "figures")
    assert tmp_path / "figures" / "darkest-of-a-plug-in.png" in written
    notebook = json.loads((tmp_path / "figures" / "figures.ipynb").read_text())
    sources = [cell["source"] for cell in notebook["cells"]]
    assert "results.images.darkest_of_a_plug_in()" in sources
    assert "| `darkest_of_a_plug_in` | Darkest images | The darkest" in generate.grids_page()


@pytest.mark.parametrize("section", ["kernels", "insight", "images"])
def test_every_part_with_pictures_shows_those_that_name_it(plug, folder, section):
    plug(pictures, "darkest_of_a_plug_in", PICTURE.format(section=section))
    parts = render_parts(report_content(paribus.open_results(folder)))
    assert [name for name, html in parts.items() if "Not by eye." in html] == [section]


def test_a_picture_for_a_part_that_shows_none_is_refused(plug, folder):
    plug(pictures, "darkest_of_a_plug_in", PICTURE.format(section="curves"))
    rule = "darkest_of_a_plug_in: no part of the page with pictures is called 'curves'"
    with pytest.raises(ValueError, match=rule):
        report_html(paribus.open_results(folder))


def test_a_picture_that_goes_is_unknown_again(plug, folder, monkeypatch):
    plug(pictures, "darkest_of_a_plug_in", PICTURE.format(section="images"))
    results = paribus.open_results(folder)
    monkeypatch.undo()
    with pytest.raises(AttributeError, match="no picture is called 'darkest_of_a_plug_in'"):
        results.images.darkest_of_a_plug_in()


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
