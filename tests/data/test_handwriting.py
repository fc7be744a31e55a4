"""Photographs of digits become what MNIST holds: geometry, polarity, light, dirt; and real MNIST stays itself."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from paribus.data.pictures.foreign import ImageStyle, fitting, labelled_files, read_foreign
from paribus.data.pictures.handwriting import mnist_like
from paribus.errors import DataError


def drawn(size=200, *, shift=(0, 0), width=14, paper=235, ink=40, box=(60, 40, 140, 160)):
    """A zero, drawn with a pen."""
    image = Image.new("L", (size, size), paper)
    x, y = shift
    left, top, right, bottom = box
    ImageDraw.Draw(image).ellipse(
        (left + x, top + y, right + x, bottom + y), outline=ink, width=width
    )
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)))[..., None]


def likeness(one, other):
    """Correlation of two pictures, at the best of nine places one pixel apart."""
    shifted = (np.roll(other[..., 0], (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1))
    return max(np.corrcoef(one.ravel(), s.ravel())[0, 1] for s in shifted)


def test_the_digit_fills_the_box_and_its_mass_is_in_the_middle():
    found = mnist_like(drawn())[..., 0]
    assert found.shape == (28, 28)
    rows, columns = np.flatnonzero(found.max(1) > 40), np.flatnonzero(found.max(0) > 40)
    assert rows[-1] - rows[0] + 1 in (19, 20)
    assert columns[-1] - columns[0] + 1 in (13, 14, 15)
    weights = found.astype(float)
    assert (weights.sum(1) * np.arange(28)).sum() / weights.sum() == pytest.approx(13.5, abs=0.6)
    assert (weights.sum(0) * np.arange(28)).sum() / weights.sum() == pytest.approx(13.5, abs=0.6)
    assert found.max() == 255
    assert found[0].max() == found[:, 0].max() == 0


@pytest.mark.parametrize(
    "changed",
    [
        drawn(shift=(50, -30)),
        255 - drawn(),
        drawn(400, box=(120, 80, 280, 320), width=28),
        np.repeat(drawn(), 3, axis=2),
        np.clip(drawn() * np.linspace(0.55, 1, 200)[None, :, None], 0, 255).astype(np.uint8),
    ],
    ids=["off-centre", "light on dark", "larger", "colour", "uneven light"],
)
def test_place_polarity_size_and_light_do_not_matter(changed):
    assert likeness(mnist_like(drawn()), mnist_like(changed)) > 0.9


def test_specks_are_taken_out_but_strokes_are_not():
    dirty = drawn().copy()
    dirty[5:8, 5:8] = 60
    np.testing.assert_array_equal(mnist_like(dirty), mnist_like(drawn()))
    two = drawn().copy()
    two[40:160, 175:189] = 40
    columns = mnist_like(two)[..., 0].max(0) > 40
    assert np.diff(np.flatnonzero(columns)).max() > 2, "a gap between two pieces"


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_page_has_no_ink(value):
    with pytest.raises(ValueError, match="no ink"):
        mnist_like(np.full((40, 30, 1), value, np.uint8))


@pytest.mark.data
def test_mnist_itself_changes_little(real_data):
    from paribus.data.load import load_dataset
    from paribus.data.spec import DataSpec

    images = load_dataset(DataSpec.parse({"source": "mnist"})).images[:300]
    found = np.stack([mnist_like(image) for image in images])
    alike = [likeness(a, b) for a, b in zip(images, found, strict=True)]
    assert np.median(alike) > 0.97
    assert np.mean(np.array(alike) > 0.9) > 0.95


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
