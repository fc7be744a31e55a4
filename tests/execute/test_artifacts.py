"""Files of a trial: whole or absent, and a damaged one says so."""

from dataclasses import replace

import numpy as np

from paribus.execute import artifacts
from paribus.records import EpochRecord, Predictions

RECORD = EpochRecord(1, {"loss": 1.0, "accuracy": 0.5}, 0.1, 100.0, 0.01)


def test_predictions_round_trip(tmp_path):
    given = Predictions(
        "validation",
        np.array([3, 1]),
        np.array([0, 1]),
        np.array([[0.25, 0.75], [0.5, 0.5]], np.float32),
    )
    artifacts.write_predictions(tmp_path, given)
    found = artifacts.read_predictions(tmp_path, "validation")
    assert (found.ids == given.ids).all()
    assert (found.labels == given.labels).all()
    assert (found.probabilities == given.probabilities).all()
    assert artifacts.read_predictions(tmp_path, "test") is None
    assert not list(tmp_path.glob("*.partial"))


def test_logarithms_are_kept_where_probabilities_underflow_and_older_files_have_none(tmp_path):
    logs = np.array([[-0.0, -300.0], [-1e4, 0.0]], np.float32)
    older = Predictions("test", np.array([3, 1]), np.array([0, 1]), np.exp(logs))
    assert (older.probabilities == [[1, 0], [0, 1]]).all()
    artifacts.write_predictions(tmp_path, older)
    assert artifacts.read_predictions(tmp_path, "test").log_probabilities is None
    artifacts.write_predictions(tmp_path, replace(older, log_probabilities=logs))
    found = artifacts.read_predictions(tmp_path, "test")
    assert (found.log_probabilities == logs).all()
    assert found.log_probabilities.dtype == np.float32
    assert (found.probabilities == older.probabilities).all()


def write_checkpoint(folder):
    groups = {"weights": {"conv/kernel": np.ones((2, 3), np.float32)}}
    artifacts.write_checkpoint(folder, (RECORD,), groups)


def test_a_checkpoint_that_is_cut_anywhere_is_as_good_as_none(tmp_path):
    write_checkpoint(tmp_path)
    records, found = artifacts.read_checkpoint(tmp_path)
    assert records == (RECORD,)
    assert (found["weights"]["conv/kernel"] == 1).all()
    path = tmp_path / "checkpoint.safetensors"
    content = path.read_bytes()
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        assert artifacts.read_checkpoint(tmp_path) is None


def test_a_checkpoint_with_any_bit_flipped_is_as_good_as_none(tmp_path):
    write_checkpoint(tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert artifacts.read_checkpoint(tmp_path) is None, bit


def test_a_finished_trial_leaves_no_half_written_file(tmp_path):
    artifacts.write_checkpoint(tmp_path, (RECORD,), {"weights": {"a": np.ones(2, np.float32)}})
    (tmp_path / "weights.safetensors.123.partial").write_bytes(b"half")
    artifacts.drop_checkpoint(tmp_path)
    assert not list(tmp_path.iterdir())
