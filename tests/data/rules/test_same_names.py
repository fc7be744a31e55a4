"""Names that only Unicode tells apart are one name, or are refused: never two classes that look alike."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from paribus.data.pictures.foreign import labelled_files
from tests.data.reading import pictures, read, refusal

BEAR = "B\u00e4r"
ONE, OTHER = (unicodedata.normalize(form, BEAR) for form in ("NFC", "NFD"))


def folder(root, *names, count=6):
    for seed, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for number, pixels in enumerate(pictures(count, seed=seed)):
            Image.fromarray(pixels).save(root / name / f"{seed}-{number}.png")
    return root


@pytest.mark.parametrize("names", [(ONE, OTHER), ("cat", "cat "), ("grey cat", "grey  cat")])
def test_classes_that_look_alike_are_refused(names, tmp_path):
    text = refusal(folder(tmp_path / "own", *names, "dog"))
    assert "names of classes must look different" in text
    assert all(ascii(name) in text for name in names)


@pytest.mark.parametrize(("train", "test"), [(ONE, OTHER), (OTHER, ONE)])
def test_parts_of_two_systems_are_of_one_class(train, test, tmp_path):
    folder(tmp_path / "own" / "train", train, "dog")
    folder(tmp_path / "own" / "test", test, "dog", count=3)
    data = read(tmp_path / "own")
    assert data.class_names == (train, "dog")
    np.testing.assert_array_equal(data.labels, [0] * 6 + [1] * 6 + [0] * 3 + [1] * 3)
    assert not any("no image of" in note for note in data.notes)


def test_upper_and_lower_case_are_two_classes(tmp_path):
    assert read(folder(tmp_path / "own", "a", "A")).class_names == ("A", "a")


@pytest.mark.parametrize(("written", "on_disk"), [(ONE, OTHER), (OTHER, ONE)])
def test_a_table_finds_files_of_another_system(written, on_disk, tmp_path):
    rows = ["file,label"]
    for number, pixels in enumerate(pictures(8)):
        Image.fromarray(pixels).save(tmp_path / f"{on_disk}-{number}.png")
        rows.append(f"{written}-{number}.png,{'ab'[number % 2]}")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    data = read(tmp_path)
    assert len(data.images) == 8
    np.testing.assert_array_equal(np.sort(data.labels), np.repeat([0, 1], 4))


@pytest.mark.parametrize("classes", [(ONE, "dog"), (OTHER, "dog")])
def test_own_images_are_found_whatever_wrote_their_folders(classes, tmp_path):
    own = folder(tmp_path / "own", ONE, OTHER, "dog", count=3)
    files, labels = labelled_files(own, classes)
    assert sorted(labels) == [0] * 6 + [1] * 3
    assert len(set(files)) == 9
