"""Sources, splits and preprocessing: exact on good files, clear on damaged ones."""

import numpy as np
import pytest

from paribus.data.dataset import make_dataset
from paribus.data.exported import export_dataset, open_dataset
from paribus.data.load import load_dataset
from paribus.errors import DataError
from tests.data.small_data import spec


@pytest.fixture
def data():
    images = np.arange(4 * 9, dtype=np.uint8).reshape(4, 3, 3)
    names = ("a", "b\udcff")  # a folder's name that is not UTF-8
    made = make_dataset(images, np.array([0, 1, 0, 1]), ("a", "b"), where="here")
    return type(made)(**{**vars(made), "file_names": (*names, "c", "d")})


def same(found, data):
    return (
        np.array_equal(found.images, data.images)
        and np.array_equal(found.labels, data.labels)
        and found.file_names == data.file_names
    )


@pytest.mark.parametrize("name", ["images.npy", "labels.npy", "data.json"])
def test_every_cut_is_explained_and_mended(tmp_path, data, name):
    export_dataset(data, tmp_path)
    assert same(open_dataset(tmp_path), data)
    content = (tmp_path / name).read_bytes()
    for cut in range(len(content)):
        (tmp_path / name).write_bytes(content[:cut])
        with pytest.raises(DataError, match="must hold the data set in whole files"):
            open_dataset(tmp_path)
    export_dataset(data, tmp_path)
    assert same(open_dataset(tmp_path), data)


@pytest.mark.parametrize("name", ["images.npy", "labels.npy"])
def test_other_values_are_never_taken_for_the_data(tmp_path, data, name):
    export_dataset(data, tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-8] ^= 1
    (tmp_path / name).write_bytes(content)
    export_dataset(data, tmp_path)
    assert same(open_dataset(tmp_path), data)


def test_what_is_the_same_is_not_written_again(tmp_path, data):
    export_dataset(data, tmp_path)
    before = (tmp_path / "images.npy").stat().st_mtime_ns
    export_dataset(data, tmp_path)
    assert (tmp_path / "images.npy").stat().st_mtime_ns == before


def test_exported_data_read_back_the_same(tmp_path):
    data = load_dataset(spec())
    export_dataset(data, tmp_path / "x")
    again = open_dataset(tmp_path / "x")
    assert isinstance(again.images, np.memmap)
    assert (again.images == data.images).all()
    assert (again.fingerprint, again.class_names, again.maximum) == (
        data.fingerprint,
        data.class_names,
        16,
    )
