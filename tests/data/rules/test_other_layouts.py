"""Layouts and values that real collections have: read as what they are, or refused; never taken for something else."""

import os

import numpy as np
import pytest
from PIL import Image

from paribus.data.pictures.decoding import decode
from tests.data.reading import read, refusal

DRAWS = np.random.default_rng(5)


def picture(path, pixels=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = DRAWS.integers(0, 255, (8, 8), np.uint8) if pixels is None else pixels
    Image.fromarray(pixels).save(path, **options)
    return pixels


def classes(folder, *names, count=3):
    for name in names:
        for number in range(count):
            picture(folder / name / f"{number}.png")


# Folders


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set/training_set", "test_set/test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train_data", "TestImages"),
        ("Train", "test-images"),
        ("letters_train", "letters_test"),
        ("train2017", "test2017"),
        ("train/images", "test/images"),
    ],
)
def test_folders_that_are_named_like_parts_beside_other_words_are_parts(tmp_path, train, test):
    classes(tmp_path / train, "cat", "dog", "owl")
    classes(tmp_path / test, "cat", "dog")
    data = read(tmp_path)
    assert data.class_names == ("cat", "dog", "owl")
    assert data.parts == (9, 0, 6)
    assert data.notes == ("the test part has no image of owl",)


@pytest.mark.parametrize("part", ["test", "val", "Validation"])
def test_a_part_beside_classes_is_refused(tmp_path, part):
    classes(tmp_path, "cat", "dog")
    classes(tmp_path / part, "cat", "dog")
    assert f"must hold either parts or classes, got cat, dog beside {part}" in refusal(tmp_path)


def test_what_is_no_part_beside_parts_is_refused(tmp_path):
    for part in ("seg_train", "seg_test"):
        classes(tmp_path / part / part, "sea", "wood")
    picture(tmp_path / "seg_pred" / "seg_pred" / "1.png")
    assert "got seg_pred beside seg_test, seg_train" in refusal(tmp_path)


def test_words_of_parts_in_the_names_of_classes_make_no_part(tmp_path):
    classes(tmp_path, "test_tube", "train_station")
    classes(tmp_path / "test_tube", "glass")
    assert read(tmp_path).class_names == ("test_tube", "train_station")


@pytest.mark.parametrize("more", ["", "dog/val/1.png", "cat/cover.png"])
def test_parts_inside_classes_are_refused(tmp_path, more):
    for name in ("cat", "dog"):
        classes(tmp_path / name, "train", "test")
    if more:
        picture(tmp_path / more)
    text = refusal(tmp_path)
    assert "parts must hold classes, not classes parts" in text
    assert "Put the parts on top: train/cat/, test/cat/." in text


def test_classes_on_two_levels_are_refused_where_one_group_has_one_more(tmp_path):
    classes(tmp_path / "subject1", "happy", "sad")
    classes(tmp_path / "subject2", "happy", "sad", "angry")
    assert "classes must be clear, got subject1, subject2" in refusal(tmp_path)


def test_a_table_that_says_other_classes_than_the_folders_is_not_passed_over(tmp_path):
    for number in range(6):
        picture(tmp_path / f"part_{number % 2}" / f"I{number}.png")
    rows = [f"I{k},{'nv' if k % 3 else 'mel'},{k % 4}" for k in range(6)]
    (tmp_path / "metadata.csv").write_text("\n".join(["image_id,dx,age", *rows]))
    text = refusal(tmp_path)
    assert "got the folders part_0, part_1, and metadata.csv" in text
    assert "Name metadata.csv as the source" in text
    data = read(tmp_path / "metadata.csv", columns={"label": "dx"})
    assert data.class_names == ("mel", "nv")
    rows = [f"I{k},class {k % 2},{k}" for k in range(6)]
    (tmp_path / "metadata.csv").write_text("\n".join(["image_id,dx,age", *rows]))
    assert read(tmp_path).class_names == ("part_0", "part_1"), "it says the same"


def test_folders_that_say_what_they_hold_are_no_classes(tmp_path):
    for number in range(4):
        picture(tmp_path / "images" / f"{number}.png")
        picture(tmp_path / "masks" / f"{number}.png")
    assert "folders must be named after classes, got images, masks" in refusal(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    classes(tmp_path, "cat", "dog")
    os.mkfifo(tmp_path / "cat" / "x.png")
    os.mkfifo(tmp_path / "cat" / "y")
    assert read(tmp_path).ignored == ("2 other files: cat/x.png, cat/y",)


@pytest.mark.parametrize(
    "key", [{"keys": {"train_images": "x", "train_labels": "y"}}, {"layout": "channels_first"}, {"shape": [8, 8, 1]}, {"columns": {"label": "a"}}]
)  # fmt: skip
def test_keys_that_say_nothing_about_a_folder_are_refused(tmp_path, key):
    classes(tmp_path, "cat", "dog")
    assert f"data.{next(iter(key))}: " in refusal(tmp_path, **key)


# Pictures


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "RGBA"])
def test_a_tiff_is_turned_as_a_png_is(tmp_path, mode, orientation):
    gray = np.arange(60, dtype=np.uint8).reshape(6, 10)
    made = {
        "L": gray,
        "I;16": gray.astype(np.uint16) * 1000,
        "RGB": np.dstack([gray, gray + 1, gray]),
        "RGBA": np.dstack([gray, gray, gray + 2, np.full_like(gray, 255)]),
    }[mode]
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(made).save(tmp_path / "a.png", exif=exif)
    Image.fromarray(made).save(tmp_path / "a.tif", tiffinfo={274: orientation})
    png, tiff = decode(tmp_path / "a.png"), decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(tiff.pixels, png.pixels)
    assert tiff.changes == png.changes


@pytest.mark.parametrize(("highest", "said"), [(255, None), (256, 1), (16_383, 64), (16_384, 0)])
def test_16_bits_of_which_few_are_used(tmp_path, highest, said):
    for name in ("a", "b"):
        for number in range(2):
            values = DRAWS.integers(0, highest, (8, 8)).astype(np.uint16)
            values[0, 0] = highest
            picture(tmp_path / name / f"{number}.png", values)
    if said is None:
        text = refusal(tmp_path)
        assert (
            "16-bit pictures must use the range of 16 bits, from 0 to 65,535, got values up to 255"
            in text
        )
        return
    notes = read(tmp_path).notes
    assert len(notes) == bool(said)
    assert all(f"{said} grey values are left" in note for note in notes)


def test_a_tiff_of_more_than_8_bits_whose_zero_is_white_is_refused(tmp_path):
    classes(tmp_path, "a", "b")
    values = DRAWS.integers(0, 60_000, (8, 8)).astype(np.uint16)
    picture(tmp_path / "a" / "x.tif", values, tiffinfo={262: 0})
    assert "white is zero: save it with black as zero" in refusal(tmp_path)


# Arrays


def arrays(path, images):
    np.savez(path, X=images, y=np.arange(len(images)) % 3)
    return path


@pytest.mark.parametrize("value", [1.000001, -1e-9, 1 + 1e-5])
def test_what_rounding_puts_beyond_0_and_1_is_cut_off_and_said(tmp_path, value):
    images = DRAWS.random((12, 6, 6))
    expected = np.round(images * 255)
    images[0, 0, 0] = value
    expected[0, 0, 0] = 255 * (value > 0)
    data = read(arrays(tmp_path / "a.npz", images))
    np.testing.assert_array_equal(data.images[..., 0], expected)
    assert "but for rounding" in data.changed[0]


@pytest.mark.parametrize("value", [1.0001, 1.5, 3.9])
def test_fractions_a_little_beyond_1_are_not_taken_for_bytes(tmp_path, value):
    images = DRAWS.random((12, 6, 6))
    images[0, 0, 0] = value
    text = refusal(arrays(tmp_path / "a.npz", images))
    assert "Clip the pixels to 0..1" in text
    assert "255, if" not in text


# Tables


def table(path, header, rows):
    lines = ([header] if header else []) + rows
    path.write_text("\n".join(",".join(map(str, line)) for line in lines))
    return path


def numbers(count=12, pixels=9):
    return [[k % 3, *DRAWS.integers(0, 255, pixels)] for k in range(count)]


def test_a_pixel_of_two_values_is_not_taken_for_a_label_with_gaps(tmp_path):
    rows = [[(1, 3, 7)[k % 3], *DRAWS.integers(0, 2, 64)] for k in range(30)]
    text = refusal(table(tmp_path / "a.csv", None, rows))
    assert "both ends of a row can be the label (column 0: 1, 3, 7, 1, ...; column 64:" in text


def test_the_header_again_and_a_row_of_sums_are_no_images(tmp_path):
    header, rows = ["label", *range(9)], numbers()
    path = table(tmp_path / "a.csv", header, [*rows, header, *rows])
    assert "line 14: must be a row, not the header once more" in refusal(path)
    path = table(tmp_path / "a.csv", ["label", *[f"p{k}" for k in range(9)]], [*rows, ["mean", *[12] * 9]])  # fmt: skip
    text = refusal(path)
    assert "row 13 (line 14), column 'label': labels must be of one kind" in text
    assert "got 'mean'" in text


def hexadecimal_rows():
    return [["0123456789abcdef"[k % 16], *DRAWS.integers(0, 255, 9)] for k in range(32)]


def test_digits_and_letters_are_classes_together(tmp_path):
    path = table(tmp_path / "a.csv", ["label", *[f"p{k}" for k in range(9)]], hexadecimal_rows())
    assert read(path).class_names == tuple("0123456789abcdef")


IMAGE = np.arange(16).reshape(4, 4)


@pytest.mark.parametrize(
    "order", [sorted(range(16), key=str), list(range(15, -1, -1)), [4 * r + c for c in range(4) for r in range(4)]]
)  # fmt: skip
@pytest.mark.parametrize("name", ["{r}x{c}", "r{r}c{c}", "pixel_{r}_{c}", "x{c}y{r}"])
def test_columns_named_by_row_and_column_are_put_in_their_order(tmp_path, order, name):
    names = [name.format(r=k // 4, c=k % 4) for k in order]
    rows = [[k % 2, *(IMAGE.ravel()[order] + k)] for k in range(6)]
    data = read(table(tmp_path / "a.csv", ["label", *names], rows))
    np.testing.assert_array_equal(data.images[0, ..., 0], IMAGE)


def test_columns_named_by_colour_are_put_pixel_by_pixel(tmp_path):
    image = np.arange(27).reshape(3, 3, 3)
    names = [f"{colour}{k}" for colour in "RGB" for k in range(9)]
    values = [image.reshape(9, 3)[k, c] for c in range(3) for k in range(9)]
    rows = [[k % 2, *(np.array(values) + k)] for k in range(6)]
    data = read(table(tmp_path / "a.csv", ["label", *names], rows), shape=[3, 3, 3])
    np.testing.assert_array_equal(data.images[0], image)
    assert data.changed[0].startswith("columns put in the order R0, G0, B0, R1")


def test_a_table_of_pixels_is_read_whatever_lies_beside_it(tmp_path):
    (tmp_path / "/".join("abcdefghijklmnop")).mkdir(parents=True)
    plain = table(tmp_path / "plain.csv", None, numbers())
    assert read(plain).images.shape == (12, 3, 3, 1)
    rows = [[f"img{k}.png", *row] for k, row in enumerate(numbers())]
    named = table(tmp_path / "named.csv", ["filename", "label", *[f"p{k}" for k in range(9)]], rows)
    data = read(named)
    assert data.images.shape == (12, 3, 3, 1)
    assert data.ignored == ("column 'filename' (numbers or names the rows)",)


def test_all_pixels_in_one_cell_beside_names_of_files_and_the_parts_of_fer2013(tmp_path):
    words = ["Training", "Training", "PublicTest", "PrivateTest"]
    rows = [
        [k % 3, " ".join(map(str, DRAWS.integers(0, 255, 16))), words[k % 4]] for k in range(12)
    ]
    data = read(table(tmp_path / "a.csv", ["emotion", "pixels", "Usage"], rows))
    assert data.parts == (6, 3, 3)
    rows = [[k % 2, f"i{k}.jpg", row[1]] for k, row in enumerate(rows)]
    data = read(table(tmp_path / "b.csv", ["gender", "img_name", "pixels"], rows))
    assert data.images.shape == (12, 4, 4, 1)


def labelled(tmp_path, header, words):
    for number in range(len(words)):
        picture(tmp_path / f"{number}.png")
    rows = [[f"{k}.png", "ab"[k % 2], word] for k, word in enumerate(words)]
    return table(tmp_path / "labels.csv", ["file", "label", header], rows)


@pytest.mark.parametrize("header", ["data set", "Split", "phase", "usage"])
def test_a_column_of_parts_has_many_names(tmp_path, header):
    path = labelled(tmp_path, header, ["train"] * 4 + ["valid", "valid", "test", "test"])
    assert read(path).parts == (4, 2, 2)


def test_an_unknown_word_among_parts_is_refused_and_no_training_row(tmp_path):
    text = refusal(labelled(tmp_path, "split", ["train"] * 4 + ["eval"] * 2))
    assert "row 5 (line 6), column 'split': must be train, validation or test, got 'eval'" in text


def test_one_number_in_two_spellings_is_refused(tmp_path):
    for number in range(4):
        picture(tmp_path / f"{number}.png")
    path = table(tmp_path / "labels.csv", ["file", "label"], [["0.png", "01"], ["1.png", "2"], ["2.png", "1"], ["3.png", "02"]])  # fmt: skip
    assert "labels must be written alike: '01' is the same number" in refusal(path)
