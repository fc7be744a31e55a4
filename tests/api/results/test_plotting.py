"""`results.plot` and what notebooks show: the same numbers as the report, nothing that runs."""

from xml.etree import ElementTree as ET

import pytest

from paribus.api.results.plotting import Drawing
from paribus.errors import StudyError
from tests.report.test_embedding import unknown_colours

pytestmark = pytest.mark.slow


def test_every_chart_is_a_drawing_that_notebooks_show(scope_results):
    plots = scope_results.plot
    drawings = [plots.claims(), plots.effects(), plots.seeds(), *plots.curves(), *plots.factors(), *plots.costs(), *plots.confusions(), plots.model(), plots.model("large/some")]  # fmt: skip
    assert len(drawings) == 3 + 2 + 2 + 2 + 2 + 2
    for drawing in drawings:
        assert ET.fromstring(drawing._repr_svg_()).tag.endswith("svg")
        assert "<style" not in drawing.svg, (
            "files stay plain; only the page's copies follow dark mode"
        )
        assert not unknown_colours(drawing.svg)
    with pytest.raises(StudyError, match="must name a variant of the run, got 'larg/some'"):
        plots.model("larg/some")


def test_a_drawing_is_saved_by_its_ending(scope_results, tmp_path):
    drawing = scope_results.plot.model()
    assert drawing.save(tmp_path / "model.pdf").read_bytes().startswith(b"%PDF")
    assert drawing.save(tmp_path / "model.svg").read_text() == drawing.svg
    with pytest.raises(StudyError, match=r"must end in svg, pdf, png, got '\.gif'"):
        Drawing("t", "", "<svg/>").save(tmp_path / "model.gif")


def test_a_notebook_shows_the_tables_with_everything_escaped(scope_results):
    page = scope_results._repr_html_()
    for row in scope_results.summary.variants:
        assert f"<td>{row.name}</td>" in page
    assert scope_results.summary.claims[0].reason.replace("'", "&#x27;") in page
    assert "large &gt; small on val_accuracy" in page
    assert "<b>large" not in page
