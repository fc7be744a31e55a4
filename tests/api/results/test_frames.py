"""Pictures and tables of a run in Python: the right variant, nothing unseen, mistakes explained."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix

import paribus
from paribus.api.report import kept
from paribus.api.report.exporting import write_figures
from paribus.errors import StudyError, TrialError
from paribus.execute.artifacts import read_predictions, trial_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from tests.conftest import TINY

    return paribus.from_mapping({**TINY, "select": {"test": "never"}}).run(
        tmp_path_factory.mktemp("pictures") / "out"
    )


def test_kernels_are_the_selected_variants_unless_another_is_named(run):
    chosen = run.summary.selected.variant
    (picture,) = run.images.kernels()
    assert picture.title == f"{chosen}: conv"
    titles = {run.images.kernels(name)[0].title for name in ("none", "some")}
    assert titles == {"none: conv", "some: conv"}
    with pytest.raises(StudyError, match=r"variant: .* got 'som'\. Did you mean 'some'\?"):
        run.images.kernels("som")


def test_kernels_come_in_the_order_of_the_layers(run, monkeypatch):
    plan = run.manifest.plan
    layers = [{"Conv2D": {"name": name}} for name in ("b", "c", "a")]
    changed = replace(
        plan, variants=tuple(replace(v, model={"layers": layers}) for v in plan.variants)
    )
    kernel = np.ones((2, 1, 3, 3), np.float32)
    shuffled = {f"{name}/kernel": kernel for name in ("c", "a", "b")}
    monkeypatch.setattr(kept, "read_weights_file", lambda _: (shuffled, {}))
    own = replace(run, manifest=replace(run.manifest, plan=changed))
    assert [picture.layer for picture in own.images.kernels("none").layers] == ["b", "c", "a"]
    shuffled["stranger/kernel"] = kernel
    with pytest.raises(TrialError, match="must hold the network's kernels"):
        own.images.kernels("none")


def test_a_sealed_test_set_is_neither_shown_nor_counted(run):
    assert run.images.first("test") is None
    assert run.tables.confusion("test") is None
    assert run.images.first("validation").title == "The first 25 validation images"
    with pytest.raises(StudyError, match=r"part: must be one of train, validation, test, got 'tset'\. Did you mean 'test'\?"):  # fmt: skip
        run.images.first("tset")


def test_pictures_are_saved_as_png_only(run, tmp_path):
    picture = run.images.first("train")
    with Image.open(picture.save(tmp_path / "first.png")) as image:
        assert image.format == "PNG"
    assert picture._repr_png_() == picture.png
    with pytest.raises(StudyError, match=r"must end in \.png, got '\.svg'"):
        picture.save(tmp_path / "first.svg")


def test_the_confusion_matrix_pools_all_seeds(run):
    chosen = run.summary.selected.variant
    trials = [trial for trial in run.summary.trials if trial.variant == chosen]
    found = [read_predictions(trial_folder(run.folder, t.identity), "validation") for t in trials]
    assert len(found) == 2
    labels = np.concatenate([item.labels for item in found])
    guesses = np.concatenate([item.probabilities.argmax(1) for item in found])
    counts = confusion_matrix(labels, guesses, labels=range(10))
    np.testing.assert_array_equal(run.tables.confusion("validation").to_numpy(), counts)
    shares = run.tables.confusion("validation", normalised=True)
    np.testing.assert_allclose(shares.to_numpy(), counts / counts.sum(1, keepdims=True))


def test_layers_are_the_named_variants(run):
    assert "Dropout" in set(run.tables.layers("some")["type"])
    assert "Dropout" not in set(run.tables.layers()["type"])
    with pytest.raises(StudyError, match="must name a variant of the run"):
        run.tables.layers("nobody")


def test_pictures_and_tables_are_written_with_the_charts(run, tmp_path):
    written = {path.name: path for path in write_figures(run, tmp_path)}
    assert {"kernels-none-conv.png", "kernels-some-conv.png", "first-train.png"} <= set(written)
    assert {"mistakes.png", "disagreements.png", "samples.png"} <= set(written)
    assert "predictions-validation.png" in written
    assert len([name for name in written if name.startswith("insight-")]) == 2
    assert {"first-test.png", "predictions-test.png"}.isdisjoint(written)
    rows = list(csv.reader(io.StringIO(written["settings.csv"].read_text(encoding="utf-8"))))
    assert rows[0][:3] == ["variant", "convolutions", "pooling"]
    assert [row[0] for row in rows[1:]] == ["none", "some"]
    counts = list(csv.reader(io.StringIO(written["confusion-validation.csv"].read_text())))
    assert [row[0] for row in counts[1:]] == list("0123456789")


def test_without_a_selection_nothing_is_said_of_one(run):
    open_ = replace(run, summary=replace(run.summary, selected=None))
    assert open_.tables.confusion("validation") is None
    assert open_.class_names == tuple("0123456789")
    assert open_.images.kernels()[0].title == "none: conv"
