"""`plan` and `run` say what was read of every data setting, and what was done to it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from ruamel.yaml import YAML

from paribus import api
from tests.data.reading import case

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


def study(folder, data, preprocess=("scale",), **more):
    text = {
        "study": "said",
        "data": {"preprocess": list(preprocess), **data},
        "model": {
            "layers": [
                "Flatten",
                {"Dense": {"name": "output", "units": 3, "activation": "softmax"}},
            ]
        },
        "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 1, "batch_size": 8},
        "seeds": 1,
        **more,
    }
    path = folder / "study.yaml"
    with path.open("w") as file:
        YAML().dump(text, file)
    return path


def save(path, high=256, **more):
    images = np.random.default_rng(0).integers(0, high, (30, 6, 6), dtype=np.uint8)
    images[0, 0, 0] = high - 1
    np.savez(path, x_train=images, y_train=np.arange(30) % 3, **more)
    return path


def paribus(*arguments):
    command = [sys.executable, "-m", "paribus", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


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
    plan = paribus("plan", path, "--quick")
    assert plan.returncode == 0
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
    run = paribus("run", path, "--out", tmp_path / "out")
    assert run.returncode in (0, 1), run.stderr
    assert run.stderr.splitlines()[1:3] == [
        f"a.npz: {sentence}",
        f"  ignored: extra: float64 (3,). {warning}",
    ]
    report = (tmp_path / "out" / "report.html").read_text()
    assert "ignored: extra: float64 (3,)" in report
    assert "the largest pixel is 16, far below 255" in report


@pytest.mark.parametrize(
    ("steps", "maximum", "warned"),
    [
        (["scale"], None, True),
        (["invert"], None, True),
        ([], None, False),
        (["standardize"], None, False),
        (["scale"], 16, False),
    ],
)
def test_a_range_that_is_not_used_is_warned_of_where_a_step_relies_on_it(
    tmp_path, steps, maximum, warned
):
    save(tmp_path / "a.npz", high=17)
    data = {"source": "a.npz", **({"maximum": maximum} if maximum else {})}
    (found,) = api.load(study(tmp_path, data, steps)).plan().to_json()["data"]
    assert bool(found["warnings"]) == warned


@pytest.mark.slow
@pytest.mark.parametrize(("high", "warned"), [(63, True), (64, False)])
def test_a_quarter_of_the_range_is_enough(tmp_path, high, warned):
    save(tmp_path / "a.npz", high=high + 1)
    (found,) = api.load(study(tmp_path, {"source": "a.npz"})).plan().to_json()["data"]
    assert bool(found["warnings"]) == warned


def test_scale_divides_by_what_the_source_can_hold(tmp_path):
    from paribus.data.load import load_dataset
    from paribus.data.prepare import prepare
    from paribus.data.spec import DataSpec

    images = np.random.default_rng(0).random((30, 6, 6)) < 0.5
    for name, array, maximum, largest in (
        ("bool", images, None, 1.0),
        ("digits", images * 16, 16, 1.0),
        ("bytes", images * 255, None, 1.0),
        ("dark", images * 51, None, 0.2),
        ("deep", images * np.uint16(4095), 4095, 1.0),
    ):
        np.savez(tmp_path / f"{name}.npz", X=array, y=np.arange(30) % 3)
        settings = {"source": str(tmp_path / f"{name}.npz"), "preprocess": ["scale"]}
        spec = DataSpec.parse({**settings, **({"maximum": maximum} if maximum else {})})
        values = prepare(load_dataset(spec), spec, seed=0).train_images.array()
        assert values.max() == pytest.approx(largest), name


@pytest.mark.slow
def test_a_maximum_of_a_named_source(tmp_path):
    path = study(tmp_path, {"source": "digits", "maximum": 255})
    text = path.read_text().replace("units: 3", "units: 10")
    path.write_text(text)
    (found,) = api.load(path).plan().to_json()["data"]
    assert found["maximum"] == 255
    assert "the largest pixel is 16, far below 255" in found["warnings"][0]
    path.write_text(text.replace("maximum: 255", "maximum: 15"))
    done = paribus("plan", path, "--json")
    assert (done.returncode, done.stdout) == (2, "")
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


@pytest.mark.parametrize(
    ("steps", "line", "text"),
    [
        (
            ["standardize", "scale"],
            3,
            "data.preprocess.1.scale: must come before standardize, after which pixels have no largest value",
        ),
        (
            ["standardize", "invert"],
            3,
            "data.preprocess.1.invert: must come before standardize, after which pixels have no largest value",
        ),
        (
            ["scale", "scale"],
            3,
            "data.preprocess.1.scale: must be there once: pixels are scaled already",
        ),
        (
            ["invert", "invert"],
            3,
            "data.preprocess.1.invert: must be there once: a second one undoes the first",
        ),
    ],
)
def test_steps_that_can_do_nothing_are_refused_with_their_line(tmp_path, steps, line, text):
    save(tmp_path / "a.npz")
    path = study(tmp_path, {"source": "a.npz"}, steps)
    done = paribus("check", path)
    assert done.returncode == 2
    where, rest = done.stderr.split(": ", 1)
    number = int(where.rsplit(":", 1)[1])
    assert steps[1] in path.read_text().splitlines()[number - 1]
    assert rest == f"{text}.\n"


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_grayscale_needs_one_channel_or_three(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, channels), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", X=images, y=np.arange(30) % 3)
    data = {"source": "a.npz", "shape": [8, 8, channels]}
    done = paribus("check", study(tmp_path, data, ["grayscale"]))
    assert done.returncode == 2
    assert done.stderr == (
        "study.yaml:4: data.preprocess.0.grayscale: needs images of one channel or of three, RGB, "
        f"got 8 x 8 x {channels}.\n"
    )


@pytest.mark.slow
def test_control_characters_in_names_are_shown_not_obeyed(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 6, 6), dtype=np.uint8)
    names = np.array(["\x1b[31mred", ":cat:", "[bold]x"])
    np.savez(tmp_path / "a.npz", X=images, y=names[np.arange(30) % 3])
    path = study(tmp_path, {"source": "a.npz"})
    for arguments in (("plan", path, "--quick"), ("run", path, "--out", tmp_path / "out")):
        done = paribus(*arguments)
        text = done.stdout + done.stderr
        assert "\\x1b[31mred: 10, :cat:: 10, [bold]x: 10" in text
        assert "\x1b[31mred: 10" not in text


@pytest.mark.parametrize(
    ("steps", "factor", "warned"),
    [
        (["scale"], 1 / 255, True),
        (["standardize"], 1 / 127.5, True),
        ([], 1 / 255, False),
        (["scale"], 0.125, False),
    ],
)
def test_pixels_that_are_divided_twice_are_warned_of(tmp_path, steps, factor, warned):
    save(tmp_path / "a.npz")
    layers = [
        {"Rescaling": {"name": "small", "scale": factor}},
        "Flatten",
        {"Dense": {"name": "output", "units": 3, "activation": "softmax"}},
    ]
    planned = api.load(study(tmp_path, {"source": "a.npz"}, steps, model={"layers": layers})).plan()
    (variant,) = planned.plan.variants
    text = (
        f"pixels are made small twice: by data.preprocess ({''.join(steps)}) and by the layer small"
    )
    assert (text in variant.warnings) == warned
