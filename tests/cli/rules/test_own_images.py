"""`paribus predict`, `paribus test` and `paribus explain`: a trained study on images that somebody brings along."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import paribus
from tests.cli.typed import invoke

pytestmark = pytest.mark.slow

STUDY = {
    "study": "own",
    "data": {"source": "digits", "split": {"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 0}, "preprocess": ["scale"]},
    "model": {"layers": ["Flatten", {"Dense": {"units": 32, "activation": "relu"}}, {"Dense": {"units": 10, "activation": "softmax"}}]},
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 15, "batch_size": 32},
    "seeds": 2,
    "factors": {"images": {"all": None, "300": {"set": {"data.train_size": 300}}}},
    "select": {"test": "never"},
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "out"
    paribus.from_mapping(STUDY).run(folder)
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Digits of the data set itself, printed large and dark on white: 5 of a class."""
    folder = tmp_path_factory.mktemp("images")
    digits = load_digits()
    for label in range(10):
        (folder / str(label)).mkdir()
        for number, index in enumerate(np.flatnonzero(digits.target == label)[:5]):
            pixels = np.uint8(255 - np.kron(digits.images[index] * 15, np.ones((12, 12))))
            page = Image.new("L", (150, 140), 255)
            page.paste(Image.fromarray(pixels), (30, 20))
            page.save(folder / str(label) / f"{number}.png")
    return folder


def test_own_images_are_tested_by_every_variant_and_seed(run, own, tmp_path):
    sheet, chart = tmp_path / "seen.png", tmp_path / "curve.svg"
    found = invoke("test", run, "--on", own, "--save", sheet, "--chart", chart, "--json")
    assert found.exit_code == 0, found.output
    result = json.loads(found.stdout)
    assert result["images"] == 50
    assert [row["name"] for row in result["variants"]] == ["all", "300"]
    for row in result["variants"]:
        assert set(row["seeds"]) == {"0", "1"}
        assert row["mean"] == pytest.approx(np.mean(list(row["seeds"].values())))
        assert row["mean"] > 0.6
        assert row["low"] < row["mean"] < row["high"]
    assert np.sum(result["confusion"]["counts"]) == 100
    with Image.open(sheet) as picture:
        assert picture.width > 500
    assert "training examples" in chart.read_text()
    shown = invoke("test", run, "--on", own, "--variant", "300")
    assert "50 own images" in shown.stdout
    assert "all " not in shown.stdout.split("rows are the truth")[0].split("interval")[1]


def test_single_images_are_classified_by_all_seeds(run, own, tmp_path):
    files = [own / "0" / "0.png", own / "4" / "1.png"]
    found = invoke("predict", run, *files, "--json", "--save", tmp_path / "seen.png")
    assert found.exit_code == 0, found.output
    rows = json.loads(found.stdout)
    assert [row["class"] for row in rows] == ["0", "4"]
    for row in rows:
        assert row["networks"] == 2
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert row["probability"] == max(row["probabilities"].values())
    assert "2 of 2" in invoke("predict", run, files[0]).stdout


def test_an_image_is_explained_by_the_first_network(run, own, tmp_path):
    file, sheet = own / "4" / "1.png", tmp_path / "looked-at.png"
    found = invoke("explain", run, file, "--variant", "all", "--json", "--save", sheet)
    assert found.exit_code == 0, found.output
    result = json.loads(found.stdout)
    assert (result["variant"], result["seed"], result["class"]) == ("all", 0, "4")
    assert result["class"] == max(result["probabilities"], key=result["probabilities"].get)
    assert (result["method"], result["layer"]) == ("integrated gradients", None)
    assert np.shape(result["map"]) == (8, 8)
    assert [row["output_shape"] for row in result["layers"]] == [[32], [10]]
    first, _ = load_probabilities(run, file)
    assert result["probabilities"]["4"] == pytest.approx(first, abs=1e-5)
    with Image.open(sheet) as picture:
        assert picture.width > 700
    text = invoke("explain", run, file).stdout
    assert "1.png: 4 (" in text
    assert "Add --save FILE.png" in text


def load_probabilities(run, file):
    """The probability of a 4 by every seed of the variant ``all``."""
    from paribus.api.own_images.asked import chosen_variant
    from paribus.api.own_images.predicting import _said

    results = paribus.open_results(run)
    found = _said(results, chosen_variant(results, "all"), [file]).probabilities
    return [float(values[0, 4]) for _, values in sorted(found.items())]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("predict", "{run}", "{own}/0/none.png"), "must be a readable image"),
        (("predict", "{run}", "{own}/0/0.png", "--variant", "al"), "--variant: must name a variant of the run, got 'al'. Did you mean 'all'?"),
        (("test", "{run}", "--on", "{own}/0"), "no image"),
        (("test", "{own}", "--on", "{own}"), "must"),
        (("predict", "{run}", "{own}/0/0.png", "--save", "{own}/none/x.png"), "must be writable"),
        (("explain", "{run}", "{own}/0/none.png"), "must be a readable image"),
        (("explain", "{run}", "{own}/0/0.png", "--variant", "al"), "--variant: must name a variant of the run, got 'al'. Did you mean 'all'?"),
        (("explain", "{own}", "{own}/0/0.png"), "must be the output folder of a run"),
        (("explain", "{run}", "{own}/0/0.png", "--save", "{own}/none/x.png"), "must be writable"),
    ],
)  # fmt: skip
def test_misuse_is_explained(run, own, arguments, text):
    found = invoke(*(item.format(run=run, own=own) for item in arguments))
    assert found.exit_code == 2
    assert text in found.output
    assert "Traceback" not in found.output
