"""Damaged files of a run: what needs them is left out and said; the next run makes them anew."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import paribus
from paribus.api import write_report
from paribus.api.own_images.predicting import predict
from paribus.api.report.exporting import write_figures
from paribus.api.report.reporting import report_content
from paribus.api.run.running import RunOptions, run_study
from paribus.errors import ParibusError, TrialError
from paribus.execute.artifacts import unreadable
from paribus.wording import counted
from tests.conftest import TINY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage") / "out"
    paribus.from_mapping({**TINY, "seeds": 2, "select": {"test": "once"}}).run(folder)
    return folder


@pytest.fixture
def run(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "out")


def files(run, name):
    return sorted((run / "artifacts").glob(f"*/{name}"))


def flip(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 64
    path.write_bytes(content)


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def table(results):
    """Everything that is measured, without what the clock says."""
    return [
        (t.variant, t.seed, t.fit_on, t.status, dict(t.metrics)) for t in results.summary.trials
    ]


def damages(content):
    return [f.where for f in content.results.findings if f.check == "unreadable_files"]


def test_a_whole_run_has_no_such_finding(run):
    assert damages(report_content(paribus.open_results(run))) == []


def test_parts_of_the_report_that_need_a_damaged_file_are_left_out_and_said(run):
    before = report_content(paribus.open_results(run))
    assert before.confusions
    for path in files(run, "predictions-validation.safetensors"):
        flip(path)
    content = report_content(paribus.open_results(run))
    assert content.confusions == {} == content.classes
    assert content.charts["errors"] == ()
    assert content.pictures["kernels"] == before.pictures["kernels"] != ()
    images, first = content.pictures["images"]
    assert images.title == "Images"
    assert [grid.title.split()[-2] for grid in first.grids] == ["train", "test"]
    assert all(w.endswith("/predictions-validation.safetensors") for w in damages(content))
    page = write_report(run).read_text()
    assert "predictions-validation.safetensors" in page
    assert "what needs this file is left out" in page


@pytest.mark.parametrize("name", ["gallery.safetensors", "insight.safetensors"])
def test_pictures_that_cannot_be_read_are_left_out_and_said(run, name):
    flip(run / "artifacts" / name)
    content = report_content(paribus.open_results(run))
    assert damages(content) == [f"artifacts/{name}"]
    assert (content.pictures["insight"] == ()) == (name == "insight.safetensors")
    assert (content.pictures["images"] == ()) == (name == "gallery.safetensors")


def test_figures_are_written_as_far_as_they_can_be(run, tmp_path):
    whole = {path.name for path in write_figures(paribus.open_results(run), tmp_path / "a")}
    for path in files(run, "weights.safetensors"):
        flip(path)
    said = []
    written = write_figures(paribus.open_results(run), tmp_path / "b", warn=said.append)
    found = {path.name for path in written}
    lost = whole - found
    assert len(said) == len(set(said)) == 2, "the first seed of each variant is drawn"
    assert all("what needs this file is left out" in text for text in said)
    assert lost
    assert all(name.startswith("kernels-") for name in lost)


def test_predict_names_the_damaged_file(run, tmp_path):
    from PIL import Image

    picture = tmp_path / "a.png"
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(picture)
    for path in files(run, "weights.safetensors"):
        flip(path)
    with pytest.raises(TrialError, match=r"weights\.safetensors: must be a whole safetensors file"):
        predict(paribus.open_results(run), [picture])


def test_old_files_that_do_not_fit_are_explained(run, tmp_path):
    from PIL import Image

    picture = tmp_path / "a.png"
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(picture)
    for path in files(run, "weights.safetensors"):
        arrays = load_file(path)
        arrays["nobody/kernel"] = arrays.pop(next(k for k, v in arrays.items() if v.ndim == 4))
        save_file(arrays, path, metadata={"ceteris": "{}"})
    results = paribus.open_results(run)
    with pytest.raises(ParibusError, match="must hold the network of"):
        predict(results, [picture])
    assert damages(report_content(results))


@pytest.mark.parametrize(
    "name",
    [
        *("weights.safetensors", "preprocessing.safetensors"),
        *("predictions-validation.safetensors", "predictions-test.safetensors"),
    ],
)
def test_trials_with_damaged_files_are_trained_again_to_the_same_numbers(run, name):
    before, report = table(paribus.open_results(run)), []
    tested = {path.parent for path in files(run, "predictions-test.safetensors")}
    harmed = files(run, name)[: 3 if "test" not in name else len(tested)]
    for path, harm in zip(harmed, (flip, cut, type(harmed[0]).unlink), strict=False):
        harm(path)
    study = paribus.from_mapping({**TINY, "seeds": 2, "select": {"test": "once"}})
    options = RunOptions(jobs=1)
    after = run_study(study.loaded, run, options, lambda progress: report.append(progress.phase))
    assert table(after) == before
    assert all(unreadable(path.parent) is None for path in harmed)
    said = [text for text in report if "cannot be read" in text]
    assert len(said) == 1
    assert said[0].startswith(
        f"{counted(len(harmed), 'done trial')} cannot be read and will be trained again: "
    )
    assert name in said[0]


def test_nothing_is_trained_again_where_all_is_well(run):
    report = []
    paribus.from_mapping({**TINY, "seeds": 2, "select": {"test": "once"}}).run(
        run, observe=lambda progress: report.append(progress.phase)
    )
    attempts = [trial.attempts for trial in paribus.open_results(run).summary.trials]
    assert set(attempts) == {1}
    assert not [text for text in report if "cannot be read" in text]


@pytest.mark.parametrize("name", ["gallery.safetensors", "insight.safetensors"])
def test_a_run_makes_damaged_pictures_anew(run, name):
    flip(run / "artifacts" / name)
    paribus.from_mapping({**TINY, "seeds": 2, "select": {"test": "once"}}).run(run)
    assert damages(report_content(paribus.open_results(run))) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'{"jobs": "x"}']
)
def test_damaged_options_are_explained(run, content):
    (run / "run.json").write_bytes(content)
    with pytest.raises(ParibusError, match=r"run\.json"):
        paribus.api.reopen(run)
    assert json.dumps(paribus.open_results(run).to_json())


def test_a_folder_that_may_not_be_looked_into_is_explained(run, monkeypatch):
    from pathlib import Path

    real = Path.stat

    def refused(self, **options):
        if self.name == "paribus.db":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **options)

    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(ParibusError, match=r"output folder of a run .* got Permission denied"):
        paribus.open_results(run)
