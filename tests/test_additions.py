"""To add something is to add one file: what a temporary plug-in adds appears everywhere it should."""

import copy
import importlib
import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import paribus
from docs import generate
from paribus import charts, execute, pictures, reference, tables
from paribus.api.report.exporting import write_figures
from paribus.api.report.reporting import report_content, report_html
from paribus.api.run.running import RunOptions
from paribus.charts import networks
from paribus.cli import commands
from paribus.data import sources
from paribus.engine.inspection.gradcheck import check_gradients
from paribus.engine.run_reference import run_reference_trial
from paribus.errors import StudyError
from paribus.execute import executors
from paribus.judge import checks
from paribus.nn import layers, modules, stacked
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import model_summary
from paribus.report.html import render_parts
from paribus.store import kinds
from paribus.store.store import open_store
from tests.conftest import TINY
from tests.engine.groups import alone, assert_close, data_of, study, together, trials_of

pytestmark = pytest.mark.slow


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
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
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


LAYER = '''
from typing import ClassVar

from paribus.nn.layer import Layer, WeightSpec


class Scale2(Layer):
    """x * 2 + offset, one offset a channel; they begin with 1."""

    family: ClassVar[str] = "scale_of_a_plug_in"

    def weights(self, shape):
        return (WeightSpec("offset", (shape[-1],), "ones"),)
'''
MODULE = """
from torch import nn

from paribus.nn.layers.scale_of_a_plug_in import Scale2
from paribus.nn.modules.form import module_of


class Scaled(nn.Module):
    def forward(self, x):
        return x * 2 + self.offset.view(1, -1, *[1] * (x.dim() - 2))


@module_of.form(Scale2)
def _scale2(layer, shape):
    return Scaled()
"""
STACKED = """
from paribus.nn.layers.scale_of_a_plug_in import Scale2
from paribus.nn.stacked.form import StackedModule, stacked_of


class StackedScaled(StackedModule):
    def forward(self, x):
        return (self.split(x) * 2 + self.per_channel(x, "offset")).flatten(0, 1)


@stacked_of.form(Scale2)
def _scale2(layer, members, way):
    return StackedScaled(members)
"""
REFERENCE = """
from paribus.nn.layers.scale_of_a_plug_in import Scale2
from paribus.reference.layer import ReferenceLayer, reference_of


class Scaled(ReferenceLayer):
    def forward(self, x, *, training):
        return x * 2 + self.weights["offset"]

    def backward(self, dy):
        self.gradients["offset"] = dy.sum(tuple(range(dy.ndim - 1)))
        return dy * 2


@reference_of.form(Scale2)
def _scale2(layer, given):
    return Scaled(given.name, given.weights)
"""
SCALED = study([{"Conv2D": {"filters": 3, "kernel_size": 3}}, "Scale2", "Flatten"])


@pytest.fixture
def scale2(plug):
    for package, text in (
        (layers, LAYER),
        (modules, MODULE),
        (stacked, STACKED),
        (reference, REFERENCE),
    ):
        plug(package, "scale_of_a_plug_in", text)


def test_a_layer_is_four_files_of_one_name_and_trains(scale2):
    trials = trials_of(copy.deepcopy(SCALED))
    data = data_of(trials)
    singly, grouped = alone(trials, data), together(trials, data)
    for one, other in zip(singly, grouped, strict=True):
        assert one[0].status == "done"
        assert one[0].weights["scale2_1/offset"].std() > 0
        assert_close(one, other)
    records = []
    by_hand = run_reference_trial(trials[0], data, emit=records.append)
    for name, value in singly[0][0].weights.items():
        np.testing.assert_allclose(by_hand.weights[name], value, rtol=0.01, atol=1e-4)


def test_gradients_of_an_added_layer_are_checked(scale2):
    (trial, _) = trials_of(copy.deepcopy(SCALED))
    draw = np.random.default_rng(0)
    images, labels = draw.normal(0, 1, (6, 8, 8, 1)).astype(np.float32), draw.integers(0, 10, 6)
    rows = {row.name: row for row in check_gradients(trial.variant, images, labels)}
    assert "scale2_1/offset" in rows
    assert all(max(row.autograd_error, row.nudge_error) < 1e-6 for row in rows.values())


def test_an_added_layer_is_drawn_and_described(scale2):
    (trial, _) = trials_of(copy.deepcopy(SCALED))
    summary = model_summary(ModelSpec.parse(trial.variant.model), (8, 8, 1))
    drawn = networks.draw(networks.points(summary, (8, 8, 1), summary))
    assert "scale2_1" in drawn
    assert ">Scale2<" in drawn
    assert "### Scale2\n\nx * 2 + offset, one offset a channel; they begin with 1.\n\n- `name`" in (
        generate.study_file_page()
    )


def test_a_layer_whose_files_go_is_unknown_again(scale2, monkeypatch):
    assert len(trials_of(copy.deepcopy(SCALED))) == 2
    monkeypatch.undo()
    with pytest.raises(StudyError, match="must name a layer, got 'Scale2'"):
        trials_of(copy.deepcopy(SCALED))
    assert "Scale2" not in generate.study_file_page()


NAMED = '''
"""Stripes: images of two classes that a formula makes."""

from dataclasses import dataclass

import numpy as np

from paribus.data.dataset import make_dataset
from paribus.data.sources import NamedSource
from paribus.records import Parts


@dataclass(frozen=True, kw_only=True)
class Stripes(NamedSource):
    def load(self):
        labels = np.arange(80) % 2
        images = np.random.default_rng(0).integers(0, 99, (80, 8, 8)).astype(np.uint8)
        images[labels == 1, ::2] += 100
        return make_dataset(images, labels, self.class_names, where=self.name, parts=self.parts)


SOURCE = Stripes(
    name="stripes", order=15, shape=(8, 8, 1), class_names=("none", "some"), parts=Parts(60, test=20)
)
'''


def planned(folder, source, **data):
    """What `paribus plan --json` says of a tiny study of a source."""
    path = folder / "study.yaml"
    given = {
        **copy.deepcopy(TINY),
        "data": {"source": str(source), "preprocess": ["scale"], **data},
    }
    given["model"]["layers"][-1]["Dense"]["units"] = 2
    path.write_text(json.dumps(given))
    return path, CliRunner().invoke(
        importlib.import_module("paribus.cli.main").app, ["plan", str(path), "--json"]
    )


def test_a_named_source_is_one_file(plug, tmp_path, monkeypatch):
    plug(sources, "stripes_of_a_plug_in", NAMED)
    path, shown = planned(tmp_path, "stripes")
    assert shown.exit_code == 0, shown.output
    (account,) = json.loads(shown.output)["data"]
    assert (account["source"], account["classes"]) == ("stripes", {"none": 40, "some": 40})
    assert account["parts"] == {"train": 48, "validation": 12, "test": 20}, "its own test part"
    results = paribus.load(path).run(tmp_path / "out", options=RunOptions(jobs=1))
    assert [trial.status for trial in results.summary.trials] == ["done"] * 4
    assert results.manifest.data[0].fingerprint == account["fingerprint"]
    assert "`digits`, `stripes`, `mnist`" in generate.study_file_page()
    listed = "must be one of digits, stripes, mnist, fashion-mnist, cifar10, or a path"
    _, wrong = planned(tmp_path, "stripse")
    assert (wrong.exit_code, "Did you mean 'stripes'?" in wrong.output) == (2, True)
    assert listed in " ".join(wrong.output.split())
    monkeypatch.undo()
    _, gone = planned(tmp_path, "stripes")
    assert (gone.exit_code, "stripes, mnist" in gone.output) == (2, False)


KIND = '''
"""Files of raw bytes: a label, then 64 pixels."""

import numpy as np

from paribus.data.dataset import make_dataset
from paribus.data.sources import FileKind


def read(path, spec):
    rows = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 65)
    return make_dataset(
        rows[:, 1:].reshape(-1, 8, 8).copy(), rows[:, 0].astype(int), ("a", "b"), where=str(path)
    )


SOURCE = FileKind(
    kind="a raw file",
    says="a raw file (.raw8)",
    order={order},
    recognises=lambda path: path.suffix in (".raw8", ".npz"),
    read=read,
)
'''


@pytest.fixture
def raw(tmp_path):
    """A file that only the plug-in reads."""
    rows = np.random.default_rng(0).integers(0, 255, (50, 65)).astype(np.uint8)
    rows[:, 0] = np.arange(50) % 2
    path = tmp_path / "images.raw8"
    path.write_bytes(rows.tobytes())
    return path


def test_a_kind_of_file_is_one_file(plug, raw, tmp_path):
    refused = planned(tmp_path, raw)[1]
    assert (refused.exit_code, "raw file" in refused.output) == (2, False)
    plug(sources, "raw_of_a_plug_in", KIND.format(order=60))
    path, shown = planned(tmp_path, raw)
    assert shown.exit_code == 0, shown.output
    (account,) = json.loads(shown.output)["data"]
    assert (account["source"], account["classes"]) == (str(raw), {"a": 25, "b": 25})
    results = paribus.load(path).run(tmp_path / "out", options=RunOptions(jobs=1))
    assert [trial.status for trial in results.summary.trials] == ["done"] * 4
    _, idle = planned(tmp_path, raw, layout="channels_last")
    assert idle.exit_code == 2
    assert "data.layout: says nothing about a raw file" in " ".join(idle.output.split())
    (tmp_path / "images.xyz").write_bytes(b"?")
    _, other = planned(tmp_path, tmp_path / "images.xyz")
    assert "a table (.csv, .tsv, .txt), a raw file (.raw8), or an image" in " ".join(other.output.split())  # fmt: skip
    assert "a table (.csv, .tsv, .txt), a raw file (.raw8), or an image" in (
        generate.study_file_page()
    )


def test_kinds_are_asked_in_their_order_and_a_tie_is_refused(plug, tmp_path, monkeypatch):
    path = tmp_path / "images.npz"
    path.write_bytes(b"")
    for order, first in ((29, "a raw file"), (31, "an .npz file")):
        with monkeypatch.context() as patch:
            name = f"raw{order}_of_a_plug_in"
            (tmp_path / str(order)).mkdir()
            (tmp_path / str(order) / f"{name}.py").write_text(KIND.format(order=order))
            patch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path / str(order))])
            assert sources.kind_of(path).kind == first
    plug(sources, "raw_of_a_plug_in", KIND.format(order=30))
    _, tied = planned(tmp_path, path)
    assert tied.exit_code == 2
    assert "must be recognised by one kind of source" in " ".join(tied.output.split())
    assert "an .npz file (order 30)" in " ".join(tied.output.split())


COMMAND = '''
"""A command that greets."""

from paribus.cli.saying import say

ORDER = 35


def command() -> None:
    """Say hello."""
    say("hello")
'''


def test_a_command_is_one_file(plug, monkeypatch):
    plug(commands, "greet_of_a_plug_in", COMMAND)
    names = list(commands.commands())
    assert names.index("plan") < names.index("greet_of_a_plug_in") < names.index("run")
    for name in [name for name in sys.modules if name == "paribus.cli.main"]:
        monkeypatch.delitem(sys.modules, name)
    app = importlib.import_module("paribus.cli.main").app
    assert CliRunner().invoke(app, ["greet_of_a_plug_in"]).output == "hello\n"
    assert "Say hello." in CliRunner().invoke(app, ["--help"]).output


EXECUTOR = '''
"""Runs tasks in this process, and counts them."""

from paribus.execute.inline import Inline


class Counting(Inline):
    counted = 0

    def run(self, tasks, on_event):
        def counting():
            for task in tasks:
                Counting.counted += 1
                yield task

        super().run(counting(), on_event)


EXECUTOR = Counting
'''


def test_an_executor_is_one_file(plug, tmp_path):
    executors.executors.cache_clear()
    try:
        plug(execute, "counting_of_a_plug_in", EXECUTOR)
        options = RunOptions(executor="counting_of_a_plug_in")
        results = paribus.from_mapping(copy.deepcopy(TINY)).run(tmp_path / "out", options=options)
        counted = executors.executor_named("counting_of_a_plug_in").counted
    finally:
        executors.executors.cache_clear()
    assert counted >= 4
    assert results.summary.complete
