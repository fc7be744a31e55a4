"""Image folders: parts, classes, junk, and what is not used."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paribus.data.account import account_of
from paribus.data.load import describe, load_dataset
from paribus.data.prepare import prepare
from paribus.data.spec import DataSpec
from paribus.errors import DataError
from tests.data.pictures.drawn import PICTURES, plain, put
from tests.data.reading import case, read, refusal
from tests.data.small_data import image_folder, spec


def test_an_image_folder_is_sorted_and_dot_files_do_not_count(tmp_path):
    image_folder(tmp_path / "set")
    (tmp_path / "set" / "cat" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "set" / ".git").mkdir()
    data = load_dataset(spec(tmp_path / "set"))
    assert data.class_names == ("ant", "bee", "cat")
    assert data.images.shape == (12, 5, 6, 1)
    assert data.images[:, 0, 0, 0].tolist() == [10, 11, 12, 13, 20, 21, 22, 23, 0, 1, 2, 3]


def test_all_unreadable_images_are_named_at_once(tmp_path):
    image_folder(tmp_path)
    (tmp_path / "ant" / "bad.png").write_bytes(b"not an image")
    (tmp_path / "bee" / "vector.svg").write_text("<svg/>")
    whole = (tmp_path / "cat" / "0.png").read_bytes()
    (tmp_path / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    lines = refusal(tmp_path).splitlines()
    assert [line.split(": ")[0].rsplit("/", 1)[1] for line in lines] == [
        "bad.png",
        "vector.svg",
        "cut.png",
    ]
    assert lines[0].endswith(
        "must be a readable image, got no PNG, JPEG, BMP, GIF, TIFF, WebP or PPM image. "
        "Repair or remove it, or write data.unreadable: skip."
    )


def test_images_of_several_sizes_need_a_resize_step(tmp_path):
    image_folder(tmp_path)
    Image.new("RGB", (9, 9), (1, 2, 3)).save(tmp_path / "cat" / "big.png")
    assert (
        "images must have one size, or the study a resize step, got 5x6 (0.png and 11 more) and 9x9 (big.png)"
        in refusal(tmp_path)
    )
    resize = {"resize": {"height": 7, "width": 7}}
    assert load_dataset(spec(tmp_path, preprocess=[resize])).images.shape == (13, 7, 7, 3)
    assert "must hold one folder per class" in refusal(tmp_path / "ant")


@pytest.mark.data
def test_real_drawings_in_class_folders(real_data):
    data = load_dataset(spec(real_data / "handwritten-digits" / "images"))
    assert data.images.shape[:3] == (250, 28, 28)
    assert data.class_names == tuple("0123456789")
    assert set(np.bincount(data.labels)) == {25}


def test_classes_are_folders_and_files_are_named(tmp_path):
    expected = plain(tmp_path)
    data = read(tmp_path)
    assert (data.images == expected).all()
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.class_names == ("cat", "dog")
    assert data.file_names == ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")
    assert (data.changed, data.ignored, data.notes) == ((), (), ())


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Training", "VALID", "Testing"),
        ("TRAIN", "Validation", "Test"),
        ("train", None, "test"),
        ("train", "dev", None),
    ],
)
def test_folders_of_parts_in_any_case_are_the_official_parts(tmp_path, train, validation, test):
    expected, roles = [], []
    for role, (part, count) in enumerate(((train, 3), (validation, 2), (test, 1))):
        if part is not None:
            names = [f"{part}/{c}/{k}.png" for c in ("a", "b") for k in range(count)]
            expected += list(put(tmp_path, *names, start=10 * role))
            roles.append(2 * count)
    data = read(tmp_path)
    assert (data.images == np.stack(expected)).all()
    assert data.parts == (6, 4 if validation else 0, 2 if test else 0)
    assert data.class_names == ("a", "b")


def test_a_lone_folder_is_looked_into_and_said(tmp_path):
    plain(tmp_path / "dataset" / "images")
    data = read(tmp_path)
    assert data.class_names == ("cat", "dog")
    assert data.changed == ("read from its only folder, dataset/images",)


def test_pictures_deeper_in_a_class_belong_to_it(tmp_path):
    put(tmp_path, "cat/batch1/1.png", "cat/batch2/2.png", "dog/3.png")
    data = read(tmp_path)
    assert data.labels.tolist() == [0, 0, 1]
    assert data.changed == (
        "2 pictures in folders inside a class folder taken for its class: cat/batch1/1.png, cat/batch2/2.png",
    )


def test_classes_on_two_levels_are_refused_with_both(tmp_path):
    put(tmp_path, *(f"{top}/{low}/1.png" for top in ("day", "night") for low in ("cat", "dog")))
    text = refusal(tmp_path)
    assert "classes must be clear, got day, night, each of which holds cat, dog" in text


def test_junk_is_ignored_and_listed(tmp_path):
    plain(tmp_path)
    for name in ("cat/.DS_Store", "dog/Thumbs.db", "desktop.ini", "cat/._1.png"):
        (tmp_path / name).write_bytes(b"junk")
    (tmp_path / "__MACOSX" / "cat").mkdir(parents=True)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    data = read(tmp_path)
    assert len(data.images) == 4
    (said,) = data.ignored
    assert said.startswith("left by other programs: ")
    assert "3 more" in said


def test_what_is_not_used_is_said(tmp_path):
    plain(tmp_path)
    put(tmp_path, "lone.png")
    (tmp_path / "cat" / "README.txt").write_text("no picture")
    assert read(tmp_path).ignored == (
        "1 picture outside class folders: lone.png",
        "1 other file: cat/README.txt",
    )


def test_empty_classes_are_refused_by_name(tmp_path):
    plain(tmp_path)
    (tmp_path / "owl").mkdir()
    (tmp_path / "bat").mkdir()
    (tmp_path / "bat" / "note.txt").write_text("none yet")
    assert "every class must have an image, got no image in bat, owl" in refusal(tmp_path)


def test_classes_of_parts_must_be_those_of_training(tmp_path):
    put(tmp_path, "train/a/1.png", "train/b/1.png", "test/a/1.png", "test/c/1.png")
    assert "classes must be those of the training part (a, b), got c" in refusal(tmp_path)
    shutil.rmtree(tmp_path / "test" / "c")
    assert read(tmp_path).notes == ("the test part has no image of b",)


def test_parts_that_are_unclear_are_refused(tmp_path):
    put(tmp_path, "train/a/1.png", "train/b/1.png", "val/a/1.png", "val/b/1.png")
    put(tmp_path, "valid/a/1.png", "valid/b/1.png")
    assert "one folder for each part, got val, valid" in refusal(tmp_path)
    shutil.rmtree(tmp_path / "valid")
    put(tmp_path, "extra/1.png")
    assert "either parts or classes, got extra beside train, val" in refusal(tmp_path)
    shutil.rmtree(tmp_path / "extra")
    shutil.rmtree(tmp_path / "train")
    put(tmp_path, "test/a/1.png", "test/b/1.png")
    assert "must hold a training part" in refusal(tmp_path)


def test_vehicles_called_train_are_a_class(tmp_path):
    put(tmp_path, "bus/1.png", "car/1.png", "train/1.png")
    assert read(tmp_path).class_names == ("bus", "car", "train")


@pytest.mark.parametrize(
    "names", [["1.png", "2.png"], ["only/1.png"], ["train/1.png", "test/1.png"]]
)
def test_pictures_without_classes_are_refused_with_the_cure(tmp_path, names):
    put(tmp_path, *names)
    text = refusal(tmp_path)
    assert "must hold one folder per class" in text
    assert "labels.csv" in text


def test_broken_files_are_refused_or_skipped_and_named(tmp_path):
    plain(tmp_path)
    (tmp_path / "cat" / "0.png").write_bytes(b"broken")
    (tmp_path / "dog" / "9.svg").write_text("<svg/>")
    text = refusal(tmp_path)
    assert "0.png" in text
    assert "a drawing (SVG): convert it to PNG" in text
    data = read(tmp_path, unreadable="skip")
    assert data.file_names == ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")
    (said,) = data.ignored
    assert said.startswith("2 unreadable files skipped: cat/0.png (")
    for name in ("1.png", "2.png"):
        (tmp_path / "dog" / name).write_bytes(b"broken")
    text = refusal(tmp_path, unreadable="skip")
    assert "class 'dog' must have a readable image for train, got none" in text


def test_sizes_that_differ_are_named_with_counts(tmp_path):
    plain(tmp_path)
    Image.new("RGB", (9, 8)).save(tmp_path / "dog" / "3.png")
    assert "6x5 (1.png and 3 more) and 8x9 (3.png)" in refusal(tmp_path)
    data = read(tmp_path, preprocess=[{"resize": {"height": 4, "width": 4}}])
    assert data.images.shape == (5, 4, 4, 3)


def test_loops_and_names_that_are_no_text_are_survived(tmp_path):
    plain(tmp_path)
    (tmp_path / "cat" / "loop").symlink_to(tmp_path)
    name = os.fsdecode(b"cat/\xff.png")
    put(tmp_path, name, start=20)
    data = read(tmp_path)
    assert "cat/\\udcff.png" in data.file_names
    assert any("cat/loop" in said for said in data.ignored)


def test_a_part_without_content_is_an_error_and_single_images_a_note(tmp_path):
    for k in range(20):
        folder = tmp_path / ("a" if k % 2 else "b")
        folder.mkdir(exist_ok=True)
        Image.new("L", (5, 5), 0).save(folder / f"{k}.png")
    spec = DataSpec.parse({"source": str(tmp_path)})
    data = read(tmp_path)
    with pytest.raises(DataError) as caught:
        account_of(spec.completed(data.parts), data, describe(spec, data))
    assert "training images must show something, got 12 images" in str(caught.value)
    for k in range(18):
        Image.fromarray(PICTURES[k]).save(tmp_path / ("a" if k % 2 else "b") / f"{k}.png")
    for k in (18, 19):
        Image.new("RGB", (5, 6), (9, 9, 9)).save(tmp_path / ("a" if k % 2 else "b") / f"{k}.png")
    data = read(tmp_path)
    told = account_of(spec.completed(data.parts), data, describe(spec, data)).warnings
    assert told == ("2 images of 20 of one value everywhere: a/19.png, b/18.png",)


@pytest.mark.parametrize(
    ("counts", "settings", "lacking"),
    [
        ((6, 6, 1), {}, 1),
        ((9, 9, 1, 1, 1, 1), {}, 2),
        ((6, 6, 6), {}, 0),
        ((6, 6, 6), {"train_size": 3}, 0),
        ((6, 6, 6), {"train_size": 2}, 1),
        ((6, 6, 6), {"train_size": 1}, 2),
    ],
)
def test_classes_that_no_network_can_learn_are_said(tmp_path, counts, settings, lacking):
    for name, count in zip("abcdef", counts, strict=False):
        (tmp_path / name).mkdir()
        for k in range(count):
            Image.fromarray(PICTURES[k]).save(tmp_path / name / f"{k}.png")
    split = {"train": 0.5, "validation": 0.25, "test": 0.25}
    spec = DataSpec.parse({"source": str(tmp_path), "split": split, **settings})
    data = read(tmp_path)
    learnt = {data.class_names[label] for label in prepare(data, spec, seed=0).train_labels}
    names = [name for name in data.class_names if name not in learnt]
    assert len(names) == lacking
    seed = " (seed 0)" if settings else ""
    classes = f"the class {names[0]}" if lacking == 1 else f"{lacking} classes: {', '.join(names)}"
    warnings = account_of(spec, data, describe(spec, data)).warnings
    said = [text for text in warnings if text.startswith("no training")]
    assert said == ([f"no training image{seed} of {classes}"] if lacking else [])


def test_another_folder_than_that_of_the_pictures_is_refused_soon(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="not the root of all files, got '/'"):
        read(Path("/"))
    monkeypatch.setattr("paribus.data.pictures.tree._MOST_OTHERS", 5)
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.fromarray(PICTURES[0]).save(tmp_path / name / "1.png")
    for k in range(5):
        (tmp_path / "a" / f"{k}.txt").write_text("a note")
    assert len(read(tmp_path).images) == 2
    (tmp_path / "b" / "6.txt").write_text("one more")
    with pytest.raises(DataError, match="must hold pictures and at most 5 other files, got more"):
        read(tmp_path)


def test_a_link_to_a_folder_around_the_source_is_not_followed(tmp_path):
    expected = put(tmp_path, "all/cat/1.png", "all/dog/1.png", "other/1.png")
    (tmp_path / "all" / "back").symlink_to(tmp_path)
    data = read(tmp_path / "all")
    assert data.class_names == ("cat", "dog")
    assert (data.images == expected[:2]).all()
    assert data.ignored == ("1 other file: back",)


def oracle(folder):
    """Class folders of plain pictures, by Pillow alone."""
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("_"))
    files = [f for name in names for f in sorted((folder / name).rglob("*.*"))]
    pixels = []
    for file in files:
        with Image.open(file) as image:
            pixels.append(np.asarray(image.convert("RGB")))
    return np.stack(pixels), names


@pytest.mark.parametrize("name", ["img-ok", "img-macosx", "img-nested", "img-gif", "img-three"])
def test_cases_with_plain_pictures(name):
    folder = case(name) / "images"
    expected, names = oracle(folder)
    data = read(folder)
    assert data.class_names == tuple(names)
    assert (data.images == expected).all()


def test_case_rgba_ink():
    data = read(case("img-rgba-ink") / "images")
    assert data.changed == ("36 of 36 images: transparent, composited on white",)
    assert data.images.max() == 255
    assert all(len(np.unique(image)) > 1 for image in data.images)


def test_case_16bit():
    folder = case("img-16bit") / "images"
    pixels = []
    for file in sorted(folder.rglob("*.png")):
        with Image.open(file) as image:
            pixels.append(np.asarray(image).astype(float))
    values = np.stack(pixels)
    data = read(folder)
    assert np.abs(data.images[..., 0] - values * 255 / 65_535).max() <= 0.5
    assert data.changed == ("36 of 36 images: 16 bits, scaled from 0..65,535 to 0..255",)


def test_case_train_val_test():
    data = read(case("img-train-val-test") / "images")
    assert data.parts == (12, 12, 12)
    assert {name.split("/")[0] for name in data.file_names[12:24]} == {"val"}
