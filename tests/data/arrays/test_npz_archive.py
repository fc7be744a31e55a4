"""Damaged and harmful archives: one clear error before anything is allocated."""

import io
import struct
import zipfile

import numpy as np
import pytest

from paribus.data.arrays import npz_archive
from tests.data.arrays.saved import IMAGES, LABELS, save
from tests.data.reading import pictures, read, refusal


def packed(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def member(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("images.npy", content)
        labels = io.BytesIO()
        np.save(labels, LABELS)
        archive.writestr("labels.npy", labels.getvalue())
    return buffer.getvalue()


def npy(array, shape=None, version=(1, 0)):
    shape = array.shape if shape is None else shape
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text = text + " " * (63 - (10 + len(text)) % 64) + "\n"
    return (
        b"\x93NUMPY"
        + bytes(version)
        + struct.pack("<H", len(text))
        + text.encode()
        + array.tobytes()
    )


GRAY = pictures(shape=(8, 8))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"PK\x03\x04",
        packed(images=GRAY, labels=LABELS)[:-40],
        packed(images=GRAY, labels=LABELS)[40:],
        member(b""),
        member(b"\x93NUMPY"),
        member(npy(GRAY)[:200]),
        member(npy(GRAY) + b"xx" * (1 << 17)),
        member(npy(GRAY, shape=(12, 8, 9))),
        member(npy(GRAY, shape=(12, 8, -8))),
        member(npy(GRAY, shape=(1 << 40, 1 << 20))),
        member(npy(GRAY, version=(9, 9))),
        member(npy(GRAY).replace(b"'|u1'", b"'|zz'")),
        member(npy(GRAY).replace(b"{'descr'", b"__imp__(")),
        member(npy(GRAY).replace(b"'shape'", b"'shade'")),
    ],
    ids=range(16),
)
def test_a_damaged_file_is_one_error(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: ")
    assert "Traceback" not in refusal(path)


def test_a_single_array_and_an_encrypted_member_are_named(tmp_path):
    np.save(tmp_path / "b.npy", IMAGES)
    (tmp_path / "b.npy").rename(tmp_path / "b.npz")
    assert "must be a .npz archive of plain arrays, got a single array (.npy)" in refusal(
        tmp_path / "b.npz"
    )
    content = bytearray(packed(images=GRAY, labels=LABELS))
    content[6] |= 1  # says that it is encrypted
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    (tmp_path / "c.npz").write_bytes(content)
    assert "images: must be a .npz archive of plain arrays, got " in refusal(tmp_path / "c.npz")
    assert "encrypted" in refusal(tmp_path / "c.npz")


def test_a_flipped_bit_is_noticed(tmp_path):
    path = save(tmp_path / "a.npz", images=GRAY, labels=LABELS)
    content = bytearray(path.read_bytes())
    content[content.index(GRAY[5].tobytes())] ^= 1
    path.write_bytes(content)
    assert "images: must be a .npz archive of plain arrays, got Bad CRC-32" in refusal(path)


def test_an_array_that_is_there_twice_is_refused(tmp_path):
    path = save(tmp_path / "a.npz", images=GRAY, labels=LABELS)
    with zipfile.ZipFile(path) as archive:
        content = archive.read("images.npy")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("images.npy", content)
    assert f"{path}: images: must be in the archive once, got twice" in refusal(path)


def test_bombs_are_refused_before_anything_is_allocated(tmp_path, monkeypatch):
    monkeypatch.setattr(npz_archive, "_SMALL", 1 << 16)
    np.savez_compressed(
        tmp_path / "a.npz", images=np.zeros((12, 256, 256), np.uint8), labels=LABELS
    )
    assert "images: must be packed at most 500 times smaller, got " in refusal(tmp_path / "a.npz")
    monkeypatch.setattr(npz_archive, "MOST_BYTES", 700)
    assert "images: must be at most 700 bytes unpacked, got 768" in refusal(
        save(tmp_path / "b.npz", images=GRAY, labels=LABELS)
    )


def test_mutated_archives_give_data_or_one_error(tmp_path):
    """Every byte may be wrong: 400 archives with flipped, cut or doubled bytes."""
    from paribus.errors import DataError

    rng = np.random.default_rng(3)
    whole = packed(images=GRAY, labels=LABELS)
    path, refused = tmp_path / "a.npz", 0
    for _ in range(400):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), rng.integers(1, 4)):
            content[place] = rng.integers(256)
        if rng.random() < 0.2:
            content = content[: rng.integers(len(content))]
        path.write_bytes(content)
        try:
            read(path)
        except DataError as error:
            refused += 1
            assert str(error)
    assert refused > 200
