"""Folders of IDX files: found under the names that programs give them, and refused where two claim one role."""

import gzip
import struct

import numpy as np
import pytest

from paribus.data.binary import idx
from paribus.data.dataset import make_dataset
from paribus.records import Parts
from tests.data.reading import case, pictures, read, refusal

TRAIN, TEST = pictures(12, (5, 4)), pictures(6, (5, 4), seed=1)
NAMES = ("0", "1", "2")


def labels_of(images, start=0):
    return (np.arange(len(images)) % 3 + start).astype(np.uint8)


def packed(array, kind=8):
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes()


def put(folder, names, *, start=0, pack=bytes):
    """Write train images, train labels, test images, test labels under four names."""
    arrays = (TRAIN, labels_of(TRAIN, start), TEST, labels_of(TEST, start))
    for name, array in zip(names, arrays, strict=False):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(pack(packed(array)))
    return folder


def standard(folder, **how):
    names = [
        f"{p}-{k}" for p in ("train", "t10k") for k in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ]
    return put(folder, names, **how)


def wanted(names=NAMES):
    return make_dataset(
        np.concatenate([TRAIN, TEST]),
        np.concatenate([labels_of(TRAIN), labels_of(TEST)]).astype(np.int64),
        names,
        where="x",
        parts=Parts(12, test=6),
    )


def test_the_case_is_read_and_its_copies_are_listed():
    folder = case("idx-dupdir") / "data"
    data = read(folder)
    raw = (folder / "train-images.idx3-ubyte").read_bytes()
    assert (data.images[:48].tobytes()) == raw[16:]
    assert (
        data.labels[48:].tobytes()
        == np.frombuffer((folder / "t10k-labels.idx1-ubyte").read_bytes()[8:], np.uint8)
        .astype(np.int64)
        .tobytes()
    )
    assert data.parts == Parts(48, test=12)
    assert data.ignored == tuple(
        f"{p}-{k}/{p}-{k}"
        for p in ("t10k", "train")
        for k in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )


@pytest.mark.parametrize(
    "names",
    [
        (
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ),
        (
            "train-images.idx3-ubyte",
            "train-labels.idx1-ubyte",
            "t10k-images.idx3-ubyte",
            "t10k-labels.idx1-ubyte",
        ),
        (
            "TRAIN-IMAGES-IDX3-UBYTE",
            "TRAIN-LABELS-IDX1-UBYTE",
            "T10K-IMAGES-IDX3-UBYTE",
            "T10K-LABELS-IDX1-UBYTE",
        ),
        (
            "train_images_idx3_ubyte",
            "train_labels_idx1_ubyte",
            "test_images_idx3_ubyte",
            "test_labels_idx1_ubyte",
        ),
        (
            "a/train-images-idx3-ubyte",
            "b/train-labels-idx1-ubyte",
            "c/t10k-images-idx3-ubyte",
            "d/t10k-labels-idx1-ubyte",
        ),
        *(
            tuple(
                f"{prefix}{p}-{k}-ubyte"
                for p in ("train", "test")
                for k in ("images-idx3", "labels-idx1")
            )
            for prefix in ("emnist-letters-", "kmnist-", "sub/")
        ),
    ],
    ids=lambda names: names[0],
)
@pytest.mark.parametrize(("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz")])
def test_names_of_all_kinds(tmp_path, names, pack, suffix):
    folder = put(tmp_path / "set", [name + suffix for name in names], pack=pack)
    data = read(folder)
    assert data.fingerprint == wanted().fingerprint
    assert data.ignored == ()
    assert len(data.notes) == ("emnist" in names[0])


def test_a_validation_part_is_used_as_one(tmp_path):
    names = (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "val-images-idx3-ubyte",
        "val-labels-idx1-ubyte",
    )
    assert read(put(tmp_path, names)).parts == Parts(12, validation=6)


def test_only_a_training_part(tmp_path):
    data = read(put(tmp_path, ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")))
    assert data.parts == Parts(12)


def test_files_that_are_not_used_are_said(tmp_path):
    standard(tmp_path)
    (tmp_path / "emnist-mapping.txt").write_text("0 48")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "x.bin").write_text("")
    assert read(tmp_path).ignored == ("emnist-mapping.txt", "raw/x.bin")


def test_copies_are_taken_once_and_others_refused(tmp_path):
    standard(tmp_path)
    copy = tmp_path / "train-images-idx3-ubyte.gz"
    copy.write_bytes(gzip.compress(packed(TRAIN)))
    assert read(tmp_path).fingerprint == wanted().fingerprint
    assert read(tmp_path).ignored == ("train-images-idx3-ubyte.gz",)
    copy.write_bytes(gzip.compress(packed(TRAIN[::-1])))
    assert refusal(tmp_path) == (
        f"{tmp_path / 'train-images-idx3-ubyte'}: must be the only file of train images, "
        f"got {copy} with other content. Keep the right one."
    )


def test_several_sets_in_one_folder_are_refused(tmp_path):
    standard(tmp_path)
    put(tmp_path, ["fashion-train-images-idx3-ubyte"])
    assert refusal(tmp_path) == (
        f"{tmp_path}: must hold the IDX files of one data set, got files that begin with '' and 'fashion-'. "
        "Move each into a folder of its own."
    )


def test_missing_files_are_named(tmp_path):
    standard(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    assert refusal(tmp_path).splitlines() == [
        f"{tmp_path}: must hold images and labels of the train part, got only train-images-idx3-ubyte. "
        "Put train-labels-idx1-ubyte beside it, or remove it.",
        f"{tmp_path}: must hold images and labels of the test part, got only t10k-labels-idx1-ubyte. "
        "Put t10k-images-idx3-ubyte beside it, or remove it.",
    ]
    (tmp_path / "train-images-idx3-ubyte").unlink()
    assert "must hold images and labels of the train part, got neither" in refusal(tmp_path)


def test_counts_and_axes_that_differ_are_named(tmp_path):
    standard(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(packed(labels_of(TRAIN)[:-1]))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(packed(TEST))
    assert refusal(tmp_path).splitlines() == [
        f"{tmp_path / 'train-labels-idx1-ubyte'}: must hold as many labels as train-images-idx3-ubyte holds images, "
        "12, got 11.",
        f"{tmp_path / 't10k-labels-idx1-ubyte'}: labels must have one axis, got 3.",
    ]


def test_labels_with_gaps_make_no_empty_classes(tmp_path):
    data = read(standard(tmp_path, start=1))
    assert data.class_names == ("1", "2", "3")
    assert data.notes == ("labels go from 1 to 3; those that do not occur are no classes",)
    assert (data.labels[:12] == labels_of(TRAIN)).all()


@pytest.mark.parametrize("first", [False, True])
def test_colour_has_a_fourth_axis(tmp_path, first):
    standard(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    images = pictures(12, (6, 5, 3))
    stored = np.moveaxis(images, 3, 1) if first else images
    (tmp_path / "train-images-idx3-ubyte").write_bytes(packed(np.ascontiguousarray(stored)))
    data = read(tmp_path)
    assert (data.images == images).all()
    assert len(data.changed) == first


def test_other_types_and_wrong_endings_are_named(tmp_path):
    standard(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(packed(TRAIN.astype(">f4"), 0x0D))
    assert f"{path}: must hold unsigned bytes, got IDX with 32-bit fractions" in refusal(tmp_path)
    path.write_bytes(gzip.compress(packed(TRAIN)))
    assert "It is packed: give its name the ending .gz." in refusal(tmp_path)


def test_bombs_and_lying_headers_allocate_nothing(tmp_path, monkeypatch):
    standard(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    path.unlink()
    path = path.with_suffix(".gz")
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 3]) + b"\xff" * 12))
    assert "must be at most 4,294,967,296 bytes, got a header that says 79,2" in refusal(tmp_path)
    path.write_bytes(
        gzip.compress(bytes([0, 0, 8, 3]) + struct.pack(">III", 1 << 10, 1 << 10, 1 << 10))
    )
    assert "must hold 1,073,741,840 bytes after unpacking, as its header says, got 16." in refusal(
        tmp_path
    )
    monkeypatch.setattr(idx, "_LOOK", 1000)
    path.write_bytes(gzip.compress(packed(TRAIN) + b"\0" * 1_000_000))
    assert "must hold 256 bytes after unpacking, as its header says, got 1,257 or more." in refusal(
        tmp_path
    )
