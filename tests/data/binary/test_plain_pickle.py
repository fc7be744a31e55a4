"""Pickled values are read without running anything, within limits of opcodes, bytes and time."""

import gzip
import lzma
import os
import pickle
import time

import numpy as np
import pytest

from paribus.data.binary import cifar, plain_pickle
from paribus.data.binary.cifar import plain_value, read_cifar
from paribus.errors import DataError
from tests.data.binary.batches import archive_of, batch, ten
from tests.data.reading import refusal
from tests.data.small_data import cifar_folder


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(5))
def test_a_hostile_batch_is_refused_and_nothing_runs(tmp_path, protocol):
    target = tmp_path / "ran"
    for call in (
        Hostile(os.system, f"touch {target}"),
        Hostile(eval, f"open({str(target)!r}, 'w')"),
    ):
        with pytest.raises(ValueError, match="is not plain data"):
            plain_value(pickle.dumps({"data": call}, protocol=protocol))
    assert not target.exists()
    cifar_folder(tmp_path / "set")
    (tmp_path / "set" / "data_batch_2").write_bytes(
        pickle.dumps(Hostile(os.system, "true"), protocol=2)
    )
    with pytest.raises(DataError, match="data_batch_2: must be a batch of plain data"):
        read_cifar(tmp_path / "set")


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
