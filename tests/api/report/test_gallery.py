"""Pictures for the report: the right images under the right labels, and none of a sealed test set."""

import copy
import sys

import numpy as np
import pytest

import paribus
from paribus import pictures
from paribus.api.report.gallery import load_gallery
from paribus.api.report.reporting import report_content
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids
from paribus.pictures.disagreements import disagreements
from paribus.records import Predictions
from tests.scope_study import STUDY

pytestmark = pytest.mark.slow


def run(folder, **select):
    study = {**copy.deepcopy(STUDY), "seeds": 2, "claims": [], "published": {}, "select": select}
    return paribus.from_mapping(study).run(folder / "out")


def grids(results, anchor):
    """What the page shows below an anchor."""
    (panel,) = (p for p in report_content(results).pictures["images"] if p.anchor == anchor)
    return panel.grids


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    return run(tmp_path_factory.mktemp("sealed"), test="never")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    return run(tmp_path_factory.mktemp("opened"), test="once")


def test_test_images_are_shown_only_after_the_test_set_was_opened(sealed, opened):
    assert "test" not in load_gallery(sealed.folder).groups
    assert "The first 25 test images" not in [grid.title for grid in grids(sealed, "first")]
    spec = DataSpec.parse(STUDY["data"])
    data = load_dataset(spec)
    test = split_ids(spec.split, data.labels, data.parts).test
    kept = load_gallery(sealed.folder)
    assert not set(kept.ids) & set(test)
    np.testing.assert_array_equal(load_gallery(opened.folder).groups["test"], test[:25])


def test_every_picture_is_the_image_of_its_id(opened):
    gallery, data = load_gallery(opened.folder), load_dataset(DataSpec.parse(STUDY["data"]))
    np.testing.assert_array_equal(gallery.images, data.images[gallery.ids])
    np.testing.assert_array_equal(gallery.labels, data.labels[gallery.ids])
    first = {part: opened.images.first(part) for part in ("train", "validation", "test")}
    for part, grid in zip(first, grids(opened, "first"), strict=True):
        pictures = first[part].pictures
        assert grid.title == f"The first {len(pictures)} {part} images"
        assert [cell.lines[0].text for cell in grid.cells] == [p.truth for p in pictures]
        assert [p.truth for p in pictures] == [str(data.labels[p.index]) for p in pictures]
        assert [cell.uri for cell in grid.cells] == [p.uri for p in pictures]
    assert len(first["validation"]) == len(first["test"]) == 25
    assert all(p.guess and 0 < p.probability <= 1 for p in first["test"].pictures)
    assert all(p.guess != p.truth for p in opened.images.mistakes().pictures)


def predicted(guesses, ids=(7, 8, 9)):
    values = np.eye(4, dtype=np.float32)[list(guesses)]
    return Predictions("validation", np.array(ids), np.array([0, 1, 2]), values)


def test_the_most_disputed_images_come_first_and_undisputed_ones_do_not_come():
    rows = disagreements([predicted((0, 1, 2)), predicted((0, 1, 3)), predicted((0, 3, 0))])
    assert [(row.index, row.label, row.guesses) for row in rows] == [
        (9, 2, ((2, 1), (3, 1), (0, 1))),
        (8, 1, ((1, 2), (3, 1))),
    ]
    assert disagreements([predicted((0, 1, 2))]) == disagreements([]) == []
    assert disagreements([predicted((0, 1, 2)), predicted((1, 1, 2), ids=(1, 2, 3))]) == []


def test_the_page_says_who_says_what(opened):
    page = (opened.folder / "report.html").read_text()
    said = opened.images.disagreements().said
    assert said
    assert all(text in page for text in said)
    assert "The first 25 test images" in page


KEEPING = '''
"""The last training images."""

from paribus.pictures import Entry
from paribus.pictures.base.picking import picture
from paribus.pictures.base.sheets import ImageSheet

ENTRY = Entry("Last images", "The last training images.", 56, ("images",), "images")


def keeps(ended):
    yield {group!r}, ended.parts["train"][-3:]


def show(kept):
    gallery = kept.images()
    ids = () if gallery is None else gallery.groups.get("last", ())
    return ImageSheet("Last images", tuple(picture(kept, gallery, int(k)) for k in ids))
'''


@pytest.fixture
def plugged(tmp_path, monkeypatch):
    def plug(text):
        (tmp_path / "last_of_a_plug_in.py").write_text(text)
        monkeypatch.setattr(pictures, "__path__", [*pictures.__path__, str(tmp_path)])

    yield plug
    sys.modules.pop("paribus.pictures.last_of_a_plug_in", None)


def test_a_picture_keeps_images_of_its_own(plugged, tmp_path):
    plugged(KEEPING.format(group="last"))
    results = run(tmp_path, test="never")
    spec = DataSpec.parse(STUDY["data"])
    data = load_dataset(spec)
    last = split_ids(spec.split, data.labels, data.parts).train[-3:]
    np.testing.assert_array_equal(load_gallery(results.folder).groups["last"], last)
    assert len(results.images.last_of_a_plug_in()) == 3


def test_two_groups_of_one_name_are_refused(plugged, tmp_path):
    plugged(KEEPING.format(group="samples"))
    with pytest.raises(ValueError, match="another picture keeps a group called 'samples'"):
        run(tmp_path, test="never")
