"""The labs run to the end on few images, and their page shows the committed results."""

import json
import os
import re
from contextlib import ExitStack
from types import SimpleNamespace

import numpy as np
import pytest

import paribus
from paribus.api.run.running import RunOptions
from paribus.data.load import describe
from paribus.data.sources import named_sources
from paribus.data.sources.base.official import OfficialSource
from paribus.data.spec import DataSpec
from studies.__main__ import RESULTS, ended, main, study_files
from studies.course import COURSE, GAP, TEMPLATES, pages, with_gaps
from studies.few import NUM_TEST, NUM_TRAIN, few_images
from studies.page import PAGE, README, _machine, page, readme

OFFICIAL = {k for k, source in named_sources().items() if isinstance(source, OfficialSource)}


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", [path.stem for path in study_files()])
def test_every_lab_runs_to_the_end_on_few_images(name, quick_lab):
    folder = quick_lab(name)
    results = paribus.open_results(folder)
    assert ended(results)
    assert (folder / "report.html").exists()
    named = {data.source for data in results.manifest.data} & OFFICIAL
    for variant in results.manifest.descriptions.values():  # what is planned is what there was
        assert not named or sum(variant.num_examples.values()) <= NUM_TRAIN + NUM_TEST


@pytest.mark.slow
@pytest.mark.data
def test_a_lab_that_is_finished_is_not_trained_again(quick_lab, quick_folder, capsys):
    name = "lab-c1-from-scratch"
    before = paribus.open_results(quick_lab(name)).summary.trials
    assert main(["--quick", "--only", name, "--out", str(quick_folder)]) == 0
    assert f"{name}: 2 trials" in capsys.readouterr().out
    assert paribus.open_results(quick_lab(name)).summary.trials == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--set", "train.precison=fp32"], "train.precison: is not a known key. Did you mean"),
        (["--seeds", "0"], "argument --seeds: must be a whole number of 1 or more, got '0'"),
        (["--jobs", "x"], "argument --jobs: must be a whole number of 1 or more, got 'x'"),
        (["--quick", "--seeds", "2"], "--quick has settings of its own"),
        (["--quick", "--device", "cuda"], "--quick has settings of its own"),
    ],
)
def test_the_command_says_what_cannot_be_and_runs_nothing(given, said, tmp_path, capsys):
    try:
        code = main(["--only", "lab-d-dense", *given, "--out", str(tmp_path / "labs")])
    except SystemExit as end:  # argparse
        code = end.code
    assert code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "labs").exists()


def test_a_result_says_how_it_was_asked_for(tmp_path, monkeypatch):
    from studies import __main__ as command

    asked = {}
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    monkeypatch.setattr(command, "ended", lambda _: True)
    monkeypatch.setattr(command, "summary_of", lambda _, said: {"arguments": list(said)})

    def run_lab(path, out, options, *, quick):
        asked[path.stem] = options
        return SimpleNamespace(summary=SimpleNamespace(trials=()))

    monkeypatch.setattr(command, "run_lab", run_lab)
    given = ["--set", "train.epochs=1", "--seeds", "2", "--jobs", "1"]
    given += ["--device", "cuda", "--group-size", "10"]
    assert main(["--only", "lab-d-dense", *given]) == 0
    assert asked["lab-d-dense"] == RunOptions(
        jobs=1, device="cuda", group_size=10, seeds=2, overrides=["train.epochs=1"]
    )
    written = json.loads((tmp_path / "lab-d-dense.json").read_text())
    assert written["arguments"] == [
        "--set train.epochs=1",
        "--seeds 2",
        "--device cuda",
        "--group-size 10",
    ]


def test_the_page_names_the_device_that_trained():
    machine = {"cores": 2, "processor": "a processor"}
    assert _machine({"machine": machine}) == "2 cores of a processor"
    assert _machine({"machine": machine, "devices": ["a card"]}) == "one a card"
    assert _machine({"machine": machine, "devices": []}) == "2 cores of a processor"
    both = {"machine": machine, "devices": ["a card", "cpu"]}
    assert _machine(both) == "one a card and 2 cores of a processor"


@pytest.mark.data
@pytest.mark.parametrize("source", ["mnist", "cifar10"])
def test_few_images_are_the_first_ones_for_as_long_as_asked(source, tmp_path, real_data):
    spec = DataSpec.parse({"source": source, "split": {"validation": 0.1}})
    whole, place = named_sources()[source].load(), os.environ["PARIBUS_DATA"]
    for _ in range(2):  # written, then found
        with few_images(source, tmp_path):
            found, described = named_sources()[source].load(), describe(spec)
    test = slice(whole.parts.train, whole.parts.train + NUM_TEST)
    for name in ("images", "labels"):
        own, all_of_them = getattr(found, name), getattr(whole, name)
        np.testing.assert_array_equal(own[:NUM_TRAIN], all_of_them[:NUM_TRAIN])
        np.testing.assert_array_equal(own[NUM_TRAIN:], all_of_them[test])
    assert found.class_names == whole.class_names
    assert described.num_examples["test"] == NUM_TEST
    assert (os.environ["PARIBUS_DATA"], describe(spec).num_examples["test"]) == (place, 10_000)


def test_the_page_is_made_from_the_committed_results():
    assert PAGE.read_text(encoding="utf-8") == page()
    assert README.read_text(encoding="utf-8") == readme()


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_committed_result_is_complete_and_of_a_study_that_exists(path):
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["complete"]
    assert result["study"] == path.stem
    assert path.stem in {item.stem for item in study_files()}


@pytest.mark.parametrize("name", pages())
def test_the_course_is_made_from_its_templates_and_the_results(name):
    assert (COURSE / name).read_text(encoding="utf-8") == pages()[name]


def test_every_lab_has_an_exercise_with_gaps():
    assert len(list(TEMPLATES.glob("lab-*.md"))) == 5
    for path in TEMPLATES.glob("lab-*.md"):
        assert pages()[f"{path.stem}.md"].count(GAP) >= 3
    with pytest.raises(ValueError, match="holds no 'nothing like it'"):
        with_gaps("lab-a-regularisation", ["nothing like it"])


@pytest.mark.slow
@pytest.mark.data
def test_the_notebook_runs_from_top_to_bottom(quick_lab, quick_folder, monkeypatch, capsys):
    notebook = json.loads((COURSE / "course.ipynb").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    sources = [c["source"] for c in notebook["cells"] if c["cell_type"] == "code"]
    for name in re.findall(r"run\('([\w-]+)'", "\n".join(sources)):
        quick_lab(name)  # its settings are the quick run's, so nothing is trained again
    monkeypatch.chdir(COURSE)
    names, quick = {}, quick_folder / "quick"
    with ExitStack() as stack:
        for source in sorted(OFFICIAL):
            stack.enter_context(few_images(source, quick / "data"))
        for source in sources:
            text = source.replace("Path('results')", f"Path({str(quick)!r})")
            exec(compile(text, "course.ipynb", "exec"), names)
    assert "->" in capsys.readouterr().out
