"""`paribus plan`: what it forecasts, and what it says of the data of every setting."""

import json
from dataclasses import replace

import numpy as np
import pytest

from paribus import api
from tests.cli.commands.studies.plan_files import save, study
from tests.cli.typed import invoke
from tests.data.reading import case


@pytest.mark.slow
def test_plan_measures_unless_told_not_to(tiny, tmp_path):
    (tmp_path / "study.yaml").write_text(json.dumps(tiny))

    def plan(*more):
        done = invoke("plan", "study.yaml", *more, cwd=tmp_path)
        assert done.exit_code == 0, done.output
        return done.stdout

    quick = json.loads(plan("--quick", "--json"))["estimate"]
    assert quick["measured"] is False
    assert "from shapes alone" in plan("--quick")
    measured = json.loads(plan("--json", "--jobs", "1"))["estimate"]
    assert measured["measured"] is True
    assert measured["jobs"] == 1
    assert 0.5 < measured["seconds"] < 120
    tiny["seeds"], tiny["factors"] = 1, {}
    tiny.pop("claims")
    (tmp_path / "study.yaml").write_text(json.dumps(tiny))
    assert "steps of every variant on this machine" in " ".join(plan("--jobs", "1").split())


CASES = [
    ("csv-class-last", [36, 12, 12], [12, 12, 1], [0, 220], 255),
    ("csv-floats", [36, 12, 12], [12, 12, 1], [0, 220], 255),
    ("csv-no-header", [36, 12, 12], [12, 12, 1], [0, 220], 255),
    ("csv-semicolon", [36, 12, 12], [12, 12, 1], [0, 220], 255),
    ("csv-strings", [36, 12, 12], [12, 12, 1], [0, 220], 255),
    ("npz-nchw", [36, 12, 12], [12, 12, 3], [0, 220], 255),
    ("npz-bool", [36, 12, 12], [12, 12, 1], [0, 1], 1),
    ("npz-train-val-split", [40, 10, 10], [12, 12, 3], [0, 220], 255),
    ("npz-onehot", [36, 12, 12], [12, 12, 3], [0, 220], 255),
    ("npz-medmnist", [24, 8, 8], [12, 12, 3], [0, 220], 255),
    ("idx-dupdir", [38, 10, 12], [12, 12, 1], [3, 220], 255),
]


@pytest.mark.parametrize(("name", "parts", "shape", "values", "maximum"), CASES)
def test_the_cases_are_planned(name, parts, shape, values, maximum):
    (found,) = api.load(case(name) / "study.yaml").plan().to_json()["data"]
    assert list(found) == [
        *("source", "fingerprint", "parts", "classes", "shape"),
        *("range", "maximum", "changed", "ignored", "warnings"),
    ]
    assert found["parts"] == dict(zip(("train", "validation", "test"), parts, strict=True))
    assert sorted(found["classes"].values()) == [20, 20, 20]
    assert (found["shape"], found["range"], found["maximum"]) == (shape, values, maximum)
    assert len(found["fingerprint"]) == 64


def test_one_entry_for_each_distinct_data_setting(tmp_path):
    save(tmp_path / "a.npz")
    save(tmp_path / "b.npz", high=100)
    factors = {
        "size": {"all": None, "few": {"set": {"data.train_size": 6}}},
        "rate": {"slow": None, "fast": {"set": {"train.batch_size": 6}}},
        "source": {"a": None, "b": {"set": {"data.source": "b.npz"}}},
    }
    path = study(tmp_path, {"source": "a.npz"}, factors=factors)
    found = api.load(path).plan().to_json()["data"]
    assert [(item["source"], item["parts"]["train"]) for item in found] == [
        *(("a.npz", 18), ("b.npz", 18), ("a.npz", 6), ("b.npz", 6)),
    ]


def test_a_path_is_read_once_for_a_plan_and_a_run(tmp_path, monkeypatch):
    from paribus.data.sources import npz

    calls = []
    whole = npz.SOURCE
    counted = replace(whole, read=lambda *given: calls.append(1) or whole.read(*given))
    monkeypatch.setattr(npz, "SOURCE", counted)
    save(tmp_path / "a.npz")
    factors = {"rate": {"slow": None, "fast": {"set": {"train.batch_size": 6}}}}
    loaded = api.load(study(tmp_path, {"source": "a.npz"}, factors=factors))
    loaded.run(tmp_path / "out")
    assert len(calls) == 1


@pytest.mark.slow
def test_plan_and_run_print_what_was_read(tmp_path):
    save(tmp_path / "a.npz", high=17, extra=np.zeros(3))
    path = study(tmp_path, {"source": "a.npz"})
    plan = invoke("plan", path, "--quick")
    assert plan.exit_code == 0
    warning = (
        "warning: the largest pixel is 16, far below 255, which scale takes for the largest possible: "
        "write data.maximum: 16 if no pixel can be larger"
    )
    sentence = (
        "30 images of 6 x 6 x 1, pixels from 0 to 16 of 255; train 18, validation 6, test 6; "
        "3 classes: 0: 10, 1: 10, 2: 10"
    )
    lines = plan.stdout.splitlines()
    place = lines.index("data a.npz")
    assert lines[place + 1 : place + 4] == [
        f"  {sentence}",
        "  ignored: extra: float64 (3,)",
        f"  {warning}",
    ]
    run = invoke("run", path, "--out", tmp_path / "out")
    assert run.exit_code in (0, 1), run.stderr
    assert run.stderr.splitlines()[1:3] == [
        f"a.npz: {sentence}",
        f"  ignored: extra: float64 (3,). {warning}",
    ]
    report = (tmp_path / "out" / "report.html").read_text()
    assert "ignored: extra: float64 (3,)" in report
    assert "the largest pixel is 16, far below 255" in report


@pytest.mark.slow
def test_a_maximum_of_a_named_source(tmp_path):
    path = study(tmp_path, {"source": "digits", "maximum": 255})
    text = path.read_text().replace("units: 3", "units: 10")
    path.write_text(text)
    (found,) = api.load(path).plan().to_json()["data"]
    assert found["maximum"] == 255
    assert "the largest pixel is 16, far below 255" in found["warnings"][0]
    path.write_text(text.replace("maximum: 255", "maximum: 15"))
    done = invoke("plan", path, "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "data.maximum: must lie between the largest pixel of the source, 16, and 255, got 15.\n"
    )


def test_a_named_source_that_is_not_here_is_not_downloaded_for_a_plan(tmp_path, monkeypatch):
    from paribus.data.sources.base import official

    monkeypatch.setenv("PARIBUS_DATA", "")
    monkeypatch.setattr(official, "cache_folder", lambda: tmp_path / "cache")
    path = study(tmp_path, {"source": "mnist"})
    path.write_text(path.read_text().replace("units: 3", "units: 10"))
    planned = api.load(path).plan()
    (found,) = planned.to_json()["data"]
    assert found["fingerprint"] is found["range"] is None
    assert found["parts"] == {"train": 48_000, "validation": 12_000, "test": 10_000}
    assert found["classes"] == dict.fromkeys("0123456789")
    assert found["warnings"] == ["mnist is not on this machine: it will be downloaded"]
    assert planned.accounts[0].sentence() == (
        "images of 28 x 28 x 1; train 48,000, validation 12,000, test 10,000; "
        "10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )


@pytest.mark.slow
def test_control_characters_in_names_are_shown_not_obeyed(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 6, 6), dtype=np.uint8)
    names = np.array(["\x1b[31mred", ":cat:", "[bold]x"])
    np.savez(tmp_path / "a.npz", X=images, y=names[np.arange(30) % 3])
    path = study(tmp_path, {"source": "a.npz"})
    for arguments in (("plan", path, "--quick"), ("run", path, "--out", tmp_path / "out")):
        done = invoke(*arguments)
        text = done.stdout + done.stderr
        assert "\\x1b[31mred: 10, :cat:: 10, [bold]x: 10" in text
        assert "\x1b[31mred: 10" not in text
