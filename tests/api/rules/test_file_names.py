"""Whatever names an image of a source that has files names its file."""

import numpy as np
import pytest
from PIL import Image

import paribus
from paribus.api.report.gallery import load_gallery
from paribus.execute.insight_file import read_insight

pytestmark = pytest.mark.slow

CLASSES = ("dark", "light")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two classes of 150 pictures; one picture lies in both, and every twelfth has the other label."""
    root = tmp_path_factory.mktemp("named")
    draw = np.random.default_rng(0)
    for label, name in enumerate(CLASSES):
        (root / "photos" / name).mkdir(parents=True)
        for number in range(150):
            shade = 60 + 120 * (label ^ (number % 12 == 0))
            pixels = np.clip(draw.normal(shade, 15, (8, 8)), 0, 255).astype(np.uint8)
            if number == 7:
                pixels = np.full((8, 8), 11, np.uint8)
            Image.fromarray(pixels).save(root / "photos" / name / f"{name[0]}-{number}.png")
    study = {
        "study": "names",
        "question": "Does a hidden layer help?",
        "data": {
            "source": str(root / "photos"),
            "preprocess": ["scale"],
            "split": {"train": 0.5, "validation": 0.25, "test": 0.25},
        },
        "model": {"layers": ["Flatten", {"Dense": {"name": "output", "units": 2, "activation": "softmax"}}]},
        "train": {"epochs": 20, "batch_size": 8, "optimizer": {"Adam": {"learning_rate": 0.1}}},
        "factors": {"hidden": {"none": None, "some": {"insert": {"before": "output", "layers": [{"Dense": {"name": "hidden", "units": 4, "activation": "relu"}}]}}}},
        "seeds": 3,
    }  # fmt: skip
    return paribus.from_mapping(study).run(root / "out")


def named(label):
    return f"{CLASSES[label]}/{CLASSES[label][0]}-"


def test_pictures_name_their_files(results):
    gallery = load_gallery(results.folder)
    assert len(gallery.files) == len(gallery.ids)
    for file, label in zip(gallery.files, gallery.labels, strict=True):
        assert file.startswith(named(label))
    sheets = [results.images.mistakes(), results.images.samples(), results.images.disagreements()]
    for sheet in sheets:
        assert all(p.file.startswith(f"{p.truth}/{p.truth[0]}-") for p in sheet.pictures)
        assert list(sheet.frame()["file"]) == [p.file for p in sheet.pictures]
    assert len(sheets[0]) > 0


def test_the_page_names_files(results):
    page = (results.folder / "report.html").read_text()
    for picture in results.images.mistakes().pictures:
        assert f'<span class="soft">{picture.file}</span>' in page
    insight = read_insight(results.folder)
    assert len(insight.files) == len(insight.ids)
    assert all(f'<span class="soft">{insight.files[at]}, what' in page for at in insight.first)


def test_findings_name_files(results):
    found = {item.check: item for item in results.summary.findings}
    assert "dark/d-7.png = light/l-7.png" in found["contradictory_labels"].evidence
    rows = [trial.observed for trial in results.summary.trials if trial.observed.contradicted]
    assert rows
    for row in rows:
        files = row.contradicted_files
        assert all(files[k].startswith(named(label)) for k, label, _ in row.contradicted)
