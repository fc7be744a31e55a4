"""`paribus figures`: every chart in every format, every table, and mistakes in its use."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from tests.cli.typed import invoke

pytestmark = pytest.mark.slow


def test_charts_and_tables_are_written_as_files(scope_run, tmp_path):
    found = invoke(
        "figures",
        scope_run,
        tmp_path / "new" / "figures",
        "--format",
        "svg",
        "--format",
        "pdf",
        "--format",
        "png",
    )
    assert found.exit_code == 0, found.output
    folder = tmp_path / "new" / "figures"
    names = {path.name for path in folder.iterdir()}
    assert {
        "claims.svg",
        "effects.svg",
        "seeds.svg",
        "confusion-validation.svg",
        "accuracy-per-epoch.svg",
        "width-x-dropout-means.svg",
        "model-small-none.svg",
        "reliability-validation.svg",
    } <= names
    assert sorted(found.stdout.split()) == sorted(str(folder / name) for name in names)
    for path in folder.glob("*.svg"):
        assert ET.parse(path).getroot().tag.endswith("svg")
        assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
        with Image.open(path.with_suffix(".png")) as picture:
            assert picture.width > 500
    rows = list(csv.DictReader(io.StringIO((folder / "trials.csv").read_text())))
    assert len(rows) == 20
    notebook = json.loads((folder / "figures.ipynb").read_text())
    names, shown = {"display": lambda *drawings: shown.extend(drawings)}, []
    for cell in notebook["cells"]:
        source = cell["source"].replace("from IPython.display import display\n", "")
        *lines, last = source.split("\n")
        exec("\n".join(lines), names)
        shown.append(eval(last, names))
    drawings = sum(hasattr(item, "_repr_svg_") for item in shown)
    assert drawings == len(list(folder.glob("*.svg"))) == 16
    assert (folder / "results.tex").read_text().startswith(r"\begin{tabular}")
    assert "| variant | n |" in (folder / "results.md").read_text()


def test_misuse_is_explained(scope_run, tmp_path):
    bad = invoke("figures", scope_run, tmp_path, "--format", "gif")
    assert (bad.exit_code, "--format: must be one of svg, pdf, png, got 'gif'." in bad.output) == (
        2,
        True,
    )
    (tmp_path / "file").write_text("")
    assert "must be a folder to write to" in invoke("figures", scope_run, tmp_path / "file").output
    assert invoke("figures", tmp_path, tmp_path).exit_code == 2


def test_claims_effects_and_published_values_are_tables_of_their_own(scope_run, tmp_path):
    assert invoke("figures", scope_run, tmp_path).exit_code == 0
    for name in ("claims", "effects", "published"):
        assert len((tmp_path / f"{name}.csv").read_text().splitlines()) > 1
        assert (tmp_path / f"{name}.md").read_text().startswith("| ")
        assert r"\toprule" in (tmp_path / f"{name}.tex").read_text()
