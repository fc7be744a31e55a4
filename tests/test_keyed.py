"""Named draws: one name, one draw; no two names share one, whatever their parts look like."""

import hashlib
import itertools

import numpy as np
import pytest

from paribus.keyed import STREAMS, generator, key


def test_names_that_look_alike_when_joined_have_keys_of_their_own():
    names = [("a", "b"), ("ab",), ("a:b",), ("a;b",), ("1",), (1,), ("1", ""), ("", "1"), ()]
    keys = [
        key(seed, stream, *parts)
        for seed, stream, parts in itertools.product((0, 1, -1), STREAMS, names)
    ]
    assert len(set(keys)) == len(keys)
    assert all(0 <= found < 2**128 for found in keys)


def test_keys_are_those_of_earlier_versions():
    """Initial weights and orders of every stored result depend on them."""
    text = b"1:3;15:initial weights;9:str:conv1;10:str:kernel;"
    digest = hashlib.sha256(text).hexdigest()[:32]
    assert key(3, "initial weights", "conv1", "kernel") == int.from_bytes(
        bytes.fromhex(digest), "little"
    )
    assert generator(3, "batch order", 1).permutation(6).tolist() == [0, 3, 2, 4, 5, 1]


def test_a_generator_is_numpys_philox_with_that_key():
    expected = np.random.Generator(np.random.Philox(key=key(7, "dropout", "drop", 2)))
    assert generator(7, "dropout", "drop", 2).random(4).tolist() == expected.random(4).tolist()


def test_an_unknown_stream_is_our_own_mistake():
    with pytest.raises(ValueError, match=r"^stream: must be one of .*, got 'weights'$"):
        key(0, "weights")
