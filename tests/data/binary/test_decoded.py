"""Archives that were decoded once are kept, and checked before they are used."""

import numpy as np

from paribus.data.binary.decoded import decoded
from paribus.data.dataset import make_dataset
from paribus.records import Parts


def test_a_decoded_archive_is_kept_and_checked(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    calls = []

    def decode():
        calls.append(1)
        return make_dataset(
            images, np.arange(9) % 3, ("a", "b", "c"), where="x", parts=Parts(6, test=3)
        )

    first, second = (decoded("d" * 64, decode, tmp_path) for _ in range(2))
    assert len(calls) == 1
    assert first.fingerprint == second.fingerprint
    assert (first.images == second.images).all()
    assert (first.labels == second.labels).all()
    assert (second.parts, second.class_names) == (Parts(6, test=3), ("a", "b", "c"))
    (kept,) = tmp_path.iterdir()
    block = bytearray((kept / "images.npy").read_bytes())
    block[-1] ^= 1
    (kept / "images.npy").write_bytes(block)
    assert (decoded("d" * 64, decode, tmp_path).images == images).all(), "a flipped bit is noticed"
    assert len(calls) == 2
    (kept / "data.json").write_text("{")
    assert decoded("d" * 64, decode, tmp_path).fingerprint == first.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["d" * 32]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    data = make_dataset(
        np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 1, 0, 1]), ("a", "b"), where="x"
    )
    assert decoded("d" * 64, lambda: data, tmp_path / "file" / "cache") is data
