"""What a run keeps of its selected network, and what the report shows of it."""

import copy
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import paribus
from paribus.api.report.kept import first_selected_trial
from paribus.api.report.kept_insight import load_insight
from paribus.api.report.reporting import report_content
from paribus.data.image_arrays import ImageSet
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids
from paribus.engine.inspection.attribution import attributions_of, layer_outputs
from paribus.execute.artifacts import read_predictions, read_weights_file, trial_folder
from paribus.execute.events import Lost
from paribus.execute.insight_file import most_confident
from paribus.execute.processes import Processes
from paribus.report.html import render_parts
from tests.conftest import TINY

pytestmark = pytest.mark.slow

STUDY = {**copy.deepcopy(TINY), "claims": []}
STUDY["data"]["preprocess"] = ["scale", {"pad": {"pixels": 1}}]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A convolutional run."""
    return paribus.from_mapping(STUDY).run(tmp_path_factory.mktemp("insight") / "out")


def network_of(results):
    trial = first_selected_trial(results)
    (variant,) = (v for v in results.manifest.plan.variants if v.name == trial.variant)
    folder = trial_folder(results.folder, trial.identity)
    return variant, *read_weights_file(folder), read_predictions(folder, "validation")


def test_first_images_and_surest_mistakes_of_the_validation_part_are_kept(found):
    kept, (_, _, _, predictions) = load_insight(found), network_of(found)
    assert kept.identity == first_selected_trial(found).identity
    spec = DataSpec.parse(STUDY["data"])
    data = load_dataset(spec)
    split = split_ids(spec.split, data.labels, data.parts)
    np.testing.assert_array_equal(kept.ids[list(kept.first)], split.validation[:12])
    wrong = predictions.ids[most_confident(predictions, 12)]
    np.testing.assert_array_equal(kept.ids[list(kept.mistakes)], wrong)
    assert set(kept.ids) <= set(split.validation), "no image of a sealed test set"
    np.testing.assert_array_equal(kept.labels, data.labels[kept.ids])
    padded = np.pad(data.images[kept.ids], ((0, 0), (1, 1), (1, 1), (0, 0)))
    np.testing.assert_array_equal(kept.images, padded, "as large as the network sees them")


def test_what_is_kept_is_what_the_network_does(found):
    kept, (variant, weights, preprocessing, _) = load_insight(found), network_of(found)
    data = load_dataset(DataSpec.parse(STUDY["data"]))
    images = ImageSet(preprocessing.apply(data.images[kept.ids]))
    ours = attributions_of(variant, weights, images, 10, kept.labels)
    for mine, theirs in (
        (ours.of_guess, kept.attributions.of_guess),
        (ours.of_truth, kept.attributions.of_truth),
    ):
        np.testing.assert_allclose(theirs, mine, atol=1e-5 + float(mine.max()) / 255)
    assert (kept.attributions.method, kept.attributions.layer) == ("Grad-CAM", "conv")
    guesses = kept.attributions.probabilities.argmax(1)
    right, wrong = kept.layers
    assert guesses[right] == kept.labels[right]
    assert guesses[wrong] != kept.labels[wrong]
    for at, rows in kept.layers.items():
        outputs = {o.name: o for o in layer_outputs(variant, weights, images, at)}
        assert [row.name for row in rows] == ["conv", "pool", "hidden", "output"]
        for row in rows:
            values = outputs[row.name].values
            assert row.shape == values.shape
            np.testing.assert_allclose(row.values, values, atol=1e-6 + np.ptp(values) / 500)


class Images(HTMLParser):
    def __init__(self):
        super().__init__()
        self.alts = []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.alts.append(dict(attrs).get("alt", ""))


def test_the_report_shows_it_and_says_what_it_does_not_show(found):
    part = render_parts(report_content(found))["insight"]
    text = " ".join(re.sub(r"<[^>]+>", " ", part).split())
    for words in (
        "Layer by layer",
        "Grad-CAM (Selvaraju et al. 2017)",
        "does not show a cause",
        "Adebayo",
    ):
        assert words in text
    assert "8 x 8 cells of conv" in text, "3 x 3 on padded digits"
    parser, kept = Images(), load_insight(found)
    parser.feed(part)
    assert all(parser.alts)
    guesses = kept.attributions.probabilities.argmax(1)
    shown = [*kept.mistakes, *kept.first]
    maps = sum(2 + (guesses[at] != kept.labels[at]) for at in shown)
    assert len(parser.alts) == 1 + maps + sum(1 + len(rows) for rows in kept.layers.values())
    assert len(part) < 300_000


def test_runs_of_older_versions_show_nothing_until_they_are_run_again(found, monkeypatch):
    file = found.folder / "artifacts" / "insight.safetensors"
    before = file.read_bytes()
    file.unlink()
    assert load_insight(found) is None
    page = render_parts(report_content(found))["insight"]
    assert not page.strip()
    again = paribus.from_mapping(STUDY).run(found.folder)
    assert file.read_bytes() == before
    assert [t.attempts for t in again.summary.trials] == [t.attempts for t in found.summary.trials]
    stamp = file.stat().st_mtime_ns
    monkeypatch.setattr(Processes, "__init__", None)  # nothing is left to do
    paribus.from_mapping(STUDY).run(found.folder)
    assert file.stat().st_mtime_ns == stamp


def test_what_belongs_to_another_variant_is_not_shown(found):
    from dataclasses import replace

    (other,) = (
        v.name for v in found.manifest.plan.variants if v.name != found.summary.selected.variant
    )
    selected = replace(found.summary.selected, variant=other)
    assert load_insight(replace(found, summary=replace(found.summary, selected=selected))) is None
    assert load_insight(replace(found, summary=replace(found.summary, selected=None))) is None


def test_a_failure_costs_the_report_a_part_and_the_run_nothing(found, monkeypatch):
    (found.folder / "artifacts" / "insight.safetensors").unlink()

    def fail(executor, tasks, on_event):
        for task in tasks:
            assert task.kind == "explain"
            reason = "the worker process died (signal SIGKILL)"
            on_event(Lost((task.trials[0].identity,), task.kind, reason))

    heard = []
    with monkeypatch.context() as patch:
        patch.setattr(Processes, "run", fail)
        again = paribus.from_mapping(STUDY).run(found.folder, observe=heard.append)
    assert any("died (signal SIGKILL)" in news.phase for news in heard)
    assert all(trial.status == "done" for trial in again.summary.trials)
    assert load_insight(again) is None
    assert load_insight(paribus.from_mapping(STUDY).run(found.folder)) is not None
