"""The notebook that `paribus figures` writes runs in Jupyter, and shows every chart and image."""

import copy
import json

import pytest

import paribus
from paribus.api.report.exporting import write_figures
from tests.notebooks import executed, outputs
from tests.scope_study import STUDY

CONV = {"Conv2D": {"name": "conv", "filters": 3, "kernel_size": 3, "activation": "relu"}}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    study = {**copy.deepcopy(STUDY), "seeds": 2, "select": {"test": "once"}}
    study["model"]["layers"].insert(0, CONV)
    results = paribus.from_mapping(study).run(folder / "it's out")
    write_figures(results, folder / "figures")
    notebook = json.loads((folder / "figures" / "figures.ipynb").read_text())
    return executed(notebook, folder / "figures")["cells"]


@pytest.mark.slow
def test_no_cell_fails_and_every_cell_shows_what_it_is_for(cells):
    sources = [cell["source"] for cell in cells]
    assert len(sources) == len(set(sources))
    for cell in cells:
        kind = "image/svg+xml" if "results.plot." in cell["source"] else "text/html"
        kind = "image/png" if "results.images.first" in cell["source"] else kind
        assert kind in outputs(cell), cell["source"]
        assert not [item for item in cell["outputs"] if item["output_type"] in ("error", "stream")]


@pytest.mark.slow
def test_images_are_shown_as_often_as_there_are_some(cells):
    shown = {cell["source"]: outputs(cell) for cell in cells}
    for name in ("samples", "mistakes", "disagreements", "insight"):
        assert shown[f"results.images.{name}()"].count("text/html") == 1
    calls = {
        "first": ("train", "validation", "test"),
        "predictions": ("validation", "test"),
        "kernels": ("small/none", "small/some", "large/none", "large/some"),
    }
    for name, arguments in calls.items():
        (source,) = (source for source in shown if f"results.images.{name}(" in source)
        assert all(f"results.images.{name}({text!r})" in source for text in arguments)
        kind = "image/png" if name == "first" else "text/html"
        assert shown[source].count(kind) == len(arguments)
