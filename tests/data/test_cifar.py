"""CIFAR's batches: read without running them, within limits of opcodes, bytes and time."""

import gzip
import io
import lzma
import pickle
import tarfile
import time

import numpy as np
import pytest

from paribus.data.binary import cifar, plain_pickle
from paribus.data.binary.cifar import BATCHES, plain_value, read_cifar
from paribus.errors import DataError
from paribus.records import Parts
from tests.data.reading import read, refusal


def batch(rows, seed, **more):
    images = np.random.default_rng(seed).integers(0, 256, (rows, 3072), dtype=np.uint8)
    labels = [(seed + k) % 10 for k in range(rows)]
    return images, labels, {"data": images, "labels": labels, **more}


def ten(folder, rows=4):
    folder.mkdir(parents=True)
    found = []
    for seed, name in enumerate(BATCHES):
        *arrays, value = batch(rows, seed)
        found.append(arrays)
        (folder / name).write_bytes(pickle.dumps(value, protocol=2))
    meta = {"label_names": [f"kind {k}" for k in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


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


# Pickles that grow faster than their bytes


def doubling(depth, end):
    """A value that is twice the one before, ``depth`` times, kept in the memo as 0: t = (t, t)."""
    return b"\x80\x02U\x01aq\x00" + b"h\x00h\x00\x86q\x00" * depth + end


@pytest.mark.parametrize(
    "content",
    [
        doubling(60, b"}h\x00K\x01s."),  # hashed as a key
        doubling(60, b"c_codecs\nencode\nh\x00\x85R."),  # as text
        doubling(60, b"cnumpy\ndtype\nh\x00\x85R."),  # in an error
        b"\x80\x02(lq\x00" + b"(h\x00h\x00e" * 10 + b".",  # a list that holds itself
        b"\x80\x02X\x00\x10\x00\x00"
        + b"a" * 4096
        + b"q\x00"
        + b"c_codecs\nencode\nh\x00\x85R" * 1000
        + b".",
    ],
    ids=["key", "text", "error", "itself", "again"],
)
def test_a_value_that_doubles_ends_at_once(tmp_path, content):
    start = time.perf_counter()
    ten(tmp_path / "set")
    (tmp_path / "set" / "data_batch_3").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_cifar(tmp_path / "set")
    assert time.perf_counter() - start < 2
    assert "data_batch_3: must " in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_nested_labels_and_names_are_refused_without_unfolding_them(tmp_path):
    start = time.perf_counter()
    ten(tmp_path / "set")
    nested = doubling(50, b"}U\x06labels](h\x00es.")
    (tmp_path / "set" / "data_batch_1").write_bytes(nested)
    assert "must hold labels and as many rows of 3072 bytes" in refusal(tmp_path / "set")
    names = doubling(50, b"}U\x0blabel_names](h\x00es.")
    *_, value = batch(4, 0)
    (tmp_path / "set" / "data_batch_1").write_bytes(pickle.dumps(value, protocol=2))
    (tmp_path / "set" / "batches.meta").write_bytes(names)
    assert "must hold the names of the classes, label_names" in refusal(tmp_path / "set")
    assert time.perf_counter() - start < 2


def test_opcodes_are_counted(monkeypatch):
    monkeypatch.setattr(plain_pickle, "MOST_OPCODES", 100)
    with pytest.raises(ValueError, match="more than 100 opcodes"):
        plain_value(pickle.dumps(list(range(200)), protocol=2))


# Archives


def archive_of(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_batch_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(archive_of([("x/data_batch_1", b"a"), ("y/data_batch_1", b"b")]))
    assert (
        refusal(path)
        == f"{path}: data_batch_1: must be in the archive once, got twice. Download it again."
    )


@pytest.mark.parametrize(
    ("pack", "name"), [(gzip.compress, "a.tar.gz"), (lzma.compress, "a.tar.xz")]
)
def test_a_bomb_is_cut_off(tmp_path, monkeypatch, pack, name):
    monkeypatch.setattr(cifar, "_TOTAL_LIMIT", 1 << 20)
    path = tmp_path / name
    path.write_bytes(pack(archive_of([("junk", b"\0" * (4 << 20))])))
    assert (
        f"{path}: must be a whole tar archive, got more than 1,048,576 bytes unpacked"
        in refusal(path)
    )
    monkeypatch.setattr(cifar, "_MEMBER_LIMIT", 1000)
    path.write_bytes(pack(archive_of([("data_batch_1", b"\0" * 2000)])))
    assert f"{path}: data_batch_1: must be under 1,000 bytes, got 2,000" in refusal(path)


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


def test_mutated_batches_give_a_value_or_one_error(tmp_path):
    rng = np.random.default_rng(5)
    *_, value = batch(2, 0)
    whole = pickle.dumps(value, protocol=2)
    head = [k for k in range(len(whole)) if k < 200 or k > len(whole) - 60]
    for _ in range(500):
        content = bytearray(whole)
        for place in rng.choice(head, 2):
            content[place] = rng.integers(256)
        try:
            cifar._value(tmp_path, "x", bytes(content))
        except DataError as error:
            assert str(error)


@pytest.mark.parametrize(("times", "fits"), [(2, True), (1000, False)])
def test_text_that_is_encoded_again_and_again_has_a_budget(times, fits):
    text = b"\x80\x02X\x00\x10\x00\x00" + b"a" * 4096 + b"q\x00"
    content = text + b"c_codecs\nencode\nh\x00\x85R" * times + b"."
    if fits:
        assert plain_value(content) == b"a" * 4096
        return
    with pytest.raises(ValueError, match="the value is larger than its pickle"):
        plain_value(content)
