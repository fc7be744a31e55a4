"""The digits that come with the package are scikit-learn's, and what they were when scikit-learn was read."""

import hashlib
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from docs import make_digits
from paribus.data.sources import named_sources

ROOT = Path(__file__).parents[3]
FINGERPRINT = "8fb5ee8261049debd666864c37e3d64b1eea2cefe707b0182f6bfd516eacf6b1"
IMAGES = "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
LABELS = "a3c91c262eddcf7ba8f0e37507c30284493c9b20412ffe4af30d536401f7ba21"
"""SHA-256 of the array's bytes, as FINGERPRINT taken from the code that read scikit-learn's copy."""


@pytest.fixture(scope="module")
def digits():
    return named_sources()["digits"].load()


def test_they_are_scikit_learns(digits):
    oracle = load_digits()
    np.testing.assert_array_equal(digits.images[..., 0], oracle.images)
    np.testing.assert_array_equal(digits.labels, oracle.target)
    assert digits.class_names == tuple(map(str, oracle.target_names))


def test_they_are_what_they_were_when_scikit_learn_was_read(digits):
    assert digits.fingerprint == FINGERPRINT
    assert (digits.images.dtype, digits.images.shape) == (np.uint8, (1797, 8, 8, 1))
    assert (digits.labels.dtype, digits.labels.shape) == (np.int64, (1797,))
    assert hashlib.sha256(digits.images.tobytes()).hexdigest() == IMAGES
    assert hashlib.sha256(digits.labels.tobytes()).hexdigest() == LABELS
    assert digits.images.flags.c_contiguous
    assert digits.images.flags.writeable
    assert (digits.parts.train, digits.parts.validation, digits.parts.test) == (1797, 0, 0)
    assert digits.maximum == 16
    assert (digits.notes, digits.changed, digits.ignored, digits.file_names) == ((), (), (), ())


def test_the_maker_makes_the_file_again_and_refuses_any_other(tmp_path, monkeypatch):
    shipped = make_digits.SHIPPED.read_bytes()
    monkeypatch.setattr(make_digits, "SHIPPED", tmp_path / "digits.csv.gz")
    make_digits.main()
    assert (tmp_path / "digits.csv.gz").read_bytes() == shipped
    monkeypatch.setattr(make_digits, "SHA256", "0" * 64)
    with pytest.raises(SystemExit, match=r"must have the SHA-256 0{64}, got 09f66e6d"):
        make_digits.main()


def test_their_licence_lies_beside_them_and_goes_with_the_package():
    text = resources.files("paribus.data").joinpath("digits.LICENSE.txt").read_text("utf-8")
    assert "CC BY 4.0" in text
    assert "Alpaydin, E. and Kaynak, C. (1998)" in text
    assert make_digits.SHA256 in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "src/paribus/data/digits.LICENSE.txt" in project["license-files"]
