"""Images that somebody brings along are made to fit the study, or named."""

import numpy as np
import pytest
from PIL import Image

from paribus.data.pictures.foreign import ImageStyle, fitting, labelled_files, read_foreign
from paribus.errors import DataError
from tests.data.pictures.sheets import drawn


def test_images_are_made_to_fit_the_study():
    photo = np.repeat(drawn(), 3, axis=2)
    assert fitting(photo, ImageStyle("cifar10", (32, 32, 3), 255))[0].shape == (32, 32, 3)
    digit, _ = fitting(photo, ImageStyle("digits", (8, 8, 1), 16))
    assert digit.shape == (8, 8, 1)
    assert 10 <= digit.max() <= 16
    light, said = fitting(photo, ImageStyle("fashion-mnist", (28, 28, 1), 255))
    assert said == ("looks inverted beside the training images: inverted",)
    assert light[0, 0, 0] < 60 < light.max()
    assert fitting(drawn(), ImageStyle("some/folder", (20, 10, 3), 255))[0].shape == (20, 10, 3)


@pytest.mark.parametrize(
    ("names", "asked", "inverted"),
    [
        (tuple("0123456789"), False, True),
        (("cat", "dog"), False, False),
        (("cat", "dog"), True, True),
    ],
)
def test_an_image_on_an_unlike_background_is_named_and_inverted_where_that_is_right(
    names, asked, inverted
):
    paper = drawn()  # dark ink on light paper
    style = ImageStyle("digits.npz", (20, 20, 1), 255, names, border=0.05, invert=asked)
    found, said = fitting(paper, style)
    assert said[0].startswith("looks inverted beside the training images")
    assert (np.median(found[0]) < 60) == inverted
    light = ImageStyle("digits.npz", (20, 20, 1), 255, names, border=0.95, invert=asked)
    kept, nothing = fitting(paper, light)
    assert nothing == ()
    assert np.median(kept[0]) > 150
    unclear = ImageStyle("digits.npz", (20, 20, 1), 255, names, border=0.5, invert=asked)
    assert fitting(paper, unclear)[1] == ()


def test_all_bad_files_are_named(tmp_path):
    Image.fromarray(drawn()[..., 0]).save(tmp_path / "good.png")
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    (tmp_path / "note.png").write_text("no image")
    files = [tmp_path / name for name in ("good.png", "blank.png", "note.png", "gone.png")]
    with pytest.raises(DataError) as caught:
        read_foreign(files, ImageStyle("mnist", (28, 28, 1), 255))
    text = str(caught.value)
    assert "good.png" not in text
    for name in ("blank.png", "note.png", "gone.png"):
        assert name in text
    assert read_foreign(files[:1], ImageStyle("mnist", (28, 28, 1), 255)).images.shape == (
        1,
        28,
        28,
        1,
    )


def test_folders_must_be_classes(tmp_path):
    (tmp_path / "three").mkdir()
    Image.new("L", (9, 9)).save(tmp_path / "three" / "a.png")
    with pytest.raises(DataError, match="must hold folders named as classes of the study"):
        labelled_files(tmp_path, ("0", "3"))
    with pytest.raises(DataError, match="must be a folder"):
        labelled_files(tmp_path / "none", ("0", "3"))
    (tmp_path / "three").rename(tmp_path / "3")
    files, labels = labelled_files(tmp_path, ("0", "3"))
    assert ([file.name for file in files], labels) == (["a.png"], [1])
