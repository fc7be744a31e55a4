"""`results.images`: the images of the report, pixel for pixel, with the numbers of the predictions."""

import ast
import copy
import inspect
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import paribus
from paribus.api.report.gallery import load_gallery
from paribus.api.report.kept import KeptByRun, first_selected_trial
from paribus.api.results import imaging
from paribus.api.results.damage import Damage
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.errors import StudyError
from paribus.execute.artifacts import read_predictions, trial_folder
from paribus.execute.insight_file import most_confident
from paribus.pictures import all_pictures
from paribus.pictures.base.png import Picture, png_uri
from paribus.pictures.base.sheets import ImageSheet
from paribus.pictures.mistakes import MOST
from tests.scope_study import STUDY

pytestmark = pytest.mark.slow

CONV = {"Conv2D": {"name": "conv", "filters": 3, "kernel_size": 3, "activation": "relu"}}


def run(folder, test):
    study = {**copy.deepcopy(STUDY), "seeds": 2, "claims": [], "published": {}, "select": {"test": test}}  # fmt: skip
    study["model"]["layers"].insert(0, CONV)
    return paribus.from_mapping(study).run(folder / "out")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run(tmp_path_factory.mktemp("images"), "once")


@pytest.fixture(scope="module")
def data():
    return load_dataset(DataSpec.parse(STUDY["data"]))


def predictions(results, split):
    return read_predictions(trial_folder(results.folder, first_selected_trial(results).identity), split)  # fmt: skip


def test_every_pixel_is_the_sources(results, data):
    for sheet in (results.images.samples(), results.images.mistakes(), results.images.disagreements()):  # fmt: skip
        assert len(sheet) > 0
        for pixels, index in zip(sheet.pixels(), sheet.frame()["index"], strict=True):
            expected = np.round(data.images[index].astype(float) * 255 / data.maximum)
            np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_guesses_are_those_of_the_selected_variants_first_network(results, split):
    frame, stored = results.images.predictions(split).frame(), predictions(results, split)
    assert len(frame) == 25
    for row in frame.itertuples():
        (place,) = np.flatnonzero(stored.ids == row.index)
        assert row.truth == str(stored.labels[place])
        assert row.guess == str(stored.probabilities[place].argmax())
        assert row.probability == pytest.approx(stored.probabilities[place].max())


def test_mistakes_are_mistakes_the_most_confident_first(results):
    frame, stored = results.images.mistakes().frame(), predictions(results, "validation")
    assert (frame["truth"] != frame["guess"]).all()
    assert list(frame["index"]) == list(stored.ids[most_confident(stored, MOST)])
    assert frame["probability"].is_monotonic_decreasing


def test_disagreements_say_who_says_what(results):
    sheet = results.images.disagreements()
    assert all(" say " in text for text in sheet.frame()["said"])
    assert np.isnan(sheet.frame()["probability"]).all()


def test_a_sealed_test_set_is_not_shown(tmp_path):
    images = run(tmp_path, "never").images
    with pytest.raises(StudyError, match=r"got 'test'\. The test set is not opened\."):
        images.predictions("test")
    with pytest.raises(StudyError, match=r"got 'validaton'\. Did you mean 'validation'\?"):
        images.predictions("validaton")


def test_notebooks_show_pixels_and_text_that_is_escaped():
    uri = png_uri(np.zeros((2, 2, 1), np.uint8), 255)
    sheet = ImageSheet("<b>", (Picture(uri, "<i>", "&", 0.5, 7), Picture(uri, "a", "a", 1.0, 8)))
    page = sheet._repr_html_()
    assert page.count("image-rendering:pixelated") == 2
    assert "is &lt;i&gt;<br>said &amp;, 50&nbsp;%" in page
    assert page.count("#b00000") == 1
    assert "<b><b>" not in page


def test_a_sheet_is_saved_pixel_for_pixel(results, tmp_path):
    sheet = results.images.samples()
    with Image.open(sheet.save(tmp_path / "samples.png")) as saved:
        drawn = np.asarray(saved)[..., :1]
    first = np.kron(sheet.pixels()[0], np.ones((12, 12, 1), np.uint8))
    np.testing.assert_array_equal(drawn[8 : 8 + 96, 8 : 8 + 96], first)
    with pytest.raises(StudyError, match=r"must end in \.png, got '\.jpg'"):
        sheet.save(tmp_path / "samples.jpg")
    assert ImageSheet("none", ()).save(tmp_path / "none.png").exists()


def test_kernels_are_those_of_the_report(results, tmp_path):
    kernels = results.images.kernels()
    assert [layer.layer for layer in kernels.layers] == ["conv"]
    assert kernels.layers[0].uri in (results.folder / "report.html").read_text()
    assert kernels.layers[0].uri in kernels._repr_html_()
    with Image.open(kernels.save(tmp_path / "kernels.png")) as saved:
        assert saved.size == (kernels.layers[0].width, kernels.layers[0].height)
    assert results.images.kernels("small/some").title == "Kernels of small/some"
    with pytest.raises(StudyError, match="must name a variant of the run, got 'smal/some'"):
        results.images.kernels("smal/some")


def test_the_sheet_of_a_run_is_that_of_its_gallery(results):
    kept = load_gallery(results.folder)
    assert list(results.images.samples().frame()["index"]) == list(kept.groups["samples"])


class Declared:
    """What a run has kept, of which a picture may read only what it declares."""

    def __init__(self, kept, needs):
        self.kept, self.needs, self.read = kept, needs, set()

    def __getattr__(self, name):
        need = "predictions" if name == "predictions_of_variants" else name
        if need in ("images", "predictions", "weights", "insight"):
            assert need in self.needs
            self.read.add(need)
        return getattr(self.kept, name)


@pytest.mark.parametrize("file", all_pictures(), ids=lambda file: file.name)
def test_a_picture_reads_what_its_entry_says(results, file):
    kept = Declared(KeptByRun(results), file.entry.needs)
    assert list(file.sheets(kept, Damage(results.folder).part))
    assert kept.read == set(file.entry.needs)


def test_types_that_editors_see_are_those_of_the_pictures():
    (images,) = (node for node in ast.parse(Path(imaging.__file__).read_text()).body
                 if isinstance(node, ast.ClassDef) and node.name == "Images")  # fmt: skip
    (seen,) = (node.body for node in images.body if isinstance(node, ast.If))
    shows = {file.name: inspect.signature(file.show) for file in all_pictures()}
    assert {method.name for method in seen} == set(shows)
    for method in seen:
        own = ast.parse(f"def show{shows[method.name]}: ...".replace("'Kept'", "Kept")).body[0]
        del own.args.args[0], method.args.args[0]
        written = ast.unparse(own.args).replace("'", ""), ast.literal_eval(own.returns)
        assert (ast.unparse(method.args).replace("'", ""), ast.unparse(method.returns)) == written
