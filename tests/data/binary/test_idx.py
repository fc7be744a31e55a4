"""Single IDX files: read as written; damaged and truncated ones are named."""

import gzip

import numpy as np
import pytest

from paribus.data.load import describe, load_dataset
from tests.data.reading import refusal
from tests.data.small_data import idx, idx_folder, spec


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, ".gz"), (bytes, "")])
def test_idx_pairs(tmp_path, pack, suffix):
    arrays = idx_folder(tmp_path / "set", pack, suffix)
    data = load_dataset(spec(tmp_path / "set"))
    assert data.parts.train == 30
    assert (data.images[:30, :, :, 0] == arrays["train"][0]).all()
    assert (data.images[30:, :, :, 0] == arrays["t10k"][0]).all()
    assert (data.labels[30:] == arrays["t10k"][1]).all()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            b"",
            "must begin with the IDX magic number 00 00 08 and a number of axes, got an empty file",
        ),
        (
            b"<html>",
            "must begin with the IDX magic number 00 00 08 and a number of axes, got 3c 68 74 6d",
        ),
        (
            idx(np.zeros((30, 5, 4), np.uint8))[:-7],
            "must hold 616 bytes after unpacking, as its header says, got 609",
        ),
        (
            idx(np.zeros((30, 5, 4), np.uint8)) + b"xx",
            "must hold 616 bytes after unpacking, as its header says, got 618",
        ),
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path, content, text):
    idx_folder(tmp_path, bytes, "")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    assert f"train-images-idx3-ubyte: {text}" in refusal(tmp_path)


def test_a_truncated_gzip_file_is_named(tmp_path):
    idx_folder(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-30])
    text = refusal(tmp_path)
    assert text.startswith(f"{path}: must be readable, got ")
    assert text.endswith("Download the file again.")


@pytest.mark.data
def test_the_real_idx_files_are_the_official_ones(real_data):
    for name in ("mnist", "fashion-mnist"):
        data = load_dataset(spec(name))
        description = describe(spec(name))
        assert data.notes == ()
        assert data.images.shape == (70_000, 28, 28, 1)
        assert data.class_names == description.class_names
        assert description.num_examples == {"train": 48_000, "validation": 12_000, "test": 10_000}
        train, test = np.bincount(data.labels[:60_000]), np.bincount(data.labels[60_000:])
        if name == "mnist":
            assert train.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
            assert test.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        else:
            assert set(train) == {6000}
            assert set(test) == {1000}
