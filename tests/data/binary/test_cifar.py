"""CIFAR's batches: folders and archives of both sets, and batches that are there twice."""

import gzip
import pickle
import tarfile

import numpy as np
import pytest

from paribus.data.binary.cifar import read_cifar
from paribus.data.load import load_dataset
from paribus.data.sources import cifar10
from paribus.errors import DataError
from paribus.records import Parts
from tests.data.binary.batches import archive_of, batch, ten
from tests.data.reading import read, refusal
from tests.data.small_data import cifar_folder, spec


def test_cifar_batches_read_without_running_them(tmp_path):
    pixels, labels = cifar_folder(tmp_path / "cifar-10-batches-py")
    data = read_cifar(tmp_path / "cifar-10-batches-py")
    assert data.parts.train == 30
    assert (data.labels == labels).all()
    assert (data.images.transpose(0, 3, 1, 2).reshape(36, 3072) == pixels).all()
    archive = tmp_path / "cifar.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "cifar-10-batches-py", "cifar-10-batches-py")
    assert read_cifar(archive).fingerprint == data.fingerprint
    archive.write_bytes(archive.read_bytes()[:2000])
    with pytest.raises(
        DataError, match=r"must be a whole tar archive|must hold all of CIFAR-10's batches"
    ):
        read_cifar(archive)


@pytest.mark.data
@pytest.mark.slow
def test_the_rebuilt_cifar_archive_is_used_with_a_note(real_data):
    data = load_dataset(spec("cifar10"))
    assert data.images.shape == (60_000, 32, 32, 3)
    assert set(np.bincount(data.labels[:50_000])) == {5000}
    assert data.class_names == cifar10.SOURCE.class_names
    assert "is not the official file" in data.notes[0]
    mean = data.images[:50_000].mean((0, 1, 2)) / 255
    np.testing.assert_allclose(mean, [0.49139976, 0.48215817, 0.44653046], atol=1e-7)


def hundred(folder):
    folder.mkdir(parents=True)
    found = []
    for seed, name in enumerate(("train", "test")):
        images, labels, value = batch(6, seed)
        found.append((images, labels))
        value["fine_labels"], value["coarse_labels"] = value.pop("labels"), [0] * 6
        (folder / name).write_bytes(pickle.dumps(value, protocol=2))
    meta = {"fine_label_names": [f"kind {k}" for k in range(12)], "coarse_label_names": ["all"]}
    (folder / "meta").write_bytes(pickle.dumps(meta, protocol=2))
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


@pytest.mark.parametrize(
    ("make", "parts", "classes"), [(ten, Parts(20, test=4), 10), (hundred, Parts(6, test=6), 12)]
)
def test_folders_and_archives_of_both_sets_are_sources(tmp_path, make, parts, classes):
    pixels, labels = make(tmp_path / "batches")
    (tmp_path / "batches" / "readme.html").write_text("")
    data = read(tmp_path / "batches")
    assert (data.images.transpose(0, 3, 1, 2).reshape(len(pixels), -1) == pixels).all()
    assert (data.labels == labels).all()
    assert (data.parts, len(data.class_names)) == (parts, classes)
    assert data.ignored == ("readme.html",)
    for name, mode in (
        ("a.tar", "w"),
        ("b.tar.gz", "w:gz"),
        ("c.tar.xz", "w:xz"),
        ("d.tgz", "w:gz"),
        ("e.tar.bz2", "w:bz2"),
    ):
        with tarfile.open(tmp_path / name, mode) as archive:
            archive.add(tmp_path / "batches", "cifar")
        packed = read(tmp_path / name)
        assert packed.fingerprint == data.fingerprint
        assert packed.ignored == ("cifar/readme.html",)


def test_a_batch_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(archive_of([("x/data_batch_1", b"a"), ("y/data_batch_1", b"b")]))
    assert (
        refusal(path)
        == f"{path}: data_batch_1: must be in the archive once, got twice. Download it again."
    )


def test_another_archive_is_one_error(tmp_path):
    path = tmp_path / "a.tar.gz"
    for content in (
        b"",
        b"hello",
        gzip.compress(b"hello"),
        gzip.compress(archive_of([("a", b"b")]))[:-20],
    ):
        path.write_bytes(content)
        assert "must be a whole tar archive" in refusal(path) or "must hold all of" in refusal(path)
    path.write_bytes(gzip.compress(archive_of([("a", b"b")])))
    assert "must hold all of CIFAR-10's batches, got none called data_batch_1" in refusal(path)
