"""What the tests of readers share: a specification, a refusal, and the folder of cases."""

import os
from pathlib import Path

import numpy as np
import pytest

from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.errors import DataError


def read(source, **settings):
    return load_dataset(DataSpec.parse({"source": str(source), **settings}))


def refusal(source, **settings):
    with pytest.raises(DataError) as caught:
        read(source, **settings)
    return str(caught.value)


def case(name):
    root = os.environ.get("PARIBUS_CASES", "")
    if not root or not Path(root, name).is_dir():
        pytest.skip("no folder with the cases (PARIBUS_CASES)")
    return Path(root, name)


def pictures(count=12, shape=(4, 4), high=256, seed=0):
    return np.random.default_rng(seed).integers(0, high, (count, *shape), dtype=np.uint8)
