"""What a trial did, as the JSON of a row: the same in databases of all versions."""

import json
import sqlite3
from dataclasses import fields, replace
from pathlib import Path

import pytest

from paribus.engine.inspection.examine import examine
from paribus.engine.run import run_trial
from paribus.errors import StoreError
from paribus.observed import Moments, Observed, RanOptimizer
from paribus.records import Look, TrialOutcome
from paribus.store.observed_json import json_of_observed, observed_of
from paribus.store.rows import as_json
from paribus.store.store import open_store
from paribus.testing.store import FIRST, OBSERVED, trial
from tests.engine.inspection.handmade import prepared

WRITTEN = Path(__file__).parents[1] / "golden" / "observed.jsonl"
"""Columns as a version wrote them that had no type for them: two engines, alone, trained and failed, a
trial that went on from a checkpoint, and one that has not begun."""
ROWS = WRITTEN.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", ROWS)
def test_old_rows_are_read_and_would_be_written_again_byte_by_byte(text):
    assert as_json(json_of_observed(observed_of(json.loads(text)))) == text


def test_old_rows_together_use_every_field():
    used = set().union(*(json.loads(text) for text in ROWS))
    assert used == {item.name for item in fields(Observed)}


@pytest.mark.parametrize("rate", [0.1, 1e38])
def test_the_engine_writes_the_keys_that_it_has_always_written(rate):
    own, data = prepared(optimizer={"SGD": {"learning_rate": rate}}, epochs=2)
    found = examine(own, data, run_trial(own, data, emit=lambda _: None)).observed
    text = as_json(json_of_observed(replace(found, preprocessing_notes=())))
    before = next(
        json.loads(row)
        for row in ROWS[:-2]
        if ("failed_after" in row) == (rate > 1) and "fp32" in row
    )
    before["inputs"].pop("test", None)

    def keys(value):
        return [(name, keys(own)) for name, own in value.items()] if isinstance(value, dict) else []

    def kernels_apart(value):
        return {**value, "probe": {**value.get("probe", {}), "gradients": {}}}

    assert keys(kernels_apart(json.loads(text))) == keys(kernels_apart(before))


def test_what_a_trial_did_is_read_back():
    assert observed_of(json.loads(as_json(json_of_observed(OBSERVED)))) == OBSERVED
    constants = observed_of(json_of_observed(OBSERVED)).optimizer.constants
    assert list(map(type, constants.values())) == [float, bool]


def test_keys_of_other_versions_are_passed_over():
    newer = {
        "steps": 3,
        "train_examples": 7,
        "inputs": {"train": {"mean": 0, "std": 1, "finite": 1, "treatment": "0f", "skew": 2}},
    }
    assert observed_of(newer) == Observed(
        train_examples=7, inputs={"train": Moments(0.0, 1.0, 1.0, "0f")}
    )
    assert observed_of({"optimizer": {"class": "SGD"}}).optimizer == RanOptimizer("SGD")


DAMAGED = [
    ({"train_examples": "many"}, "'many' as train_examples"),
    ({"optimizer": 3}, "3 as optimizer"),
    ({"optimizer": {"class": "SGD", "learning_rate": []}}, "as optimizer.constants.learning_rate"),
    ({"probe": {"examples": 3}}, "as probe."),
    ({"inputs": {"train": {"mean": None}}}, "None as inputs.train.mean"),
    ({"contradicted": [[1, 2]]}, "as contradicted.0"),
    ({"precision": "fp8"}, "'fp8' as precision"),
]


@pytest.mark.parametrize(("values", "said"), DAMAGED)
def test_a_key_that_holds_something_else_is_named(values, said):
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        observed_of(values)


@pytest.mark.parametrize("values", [values for values, _ in DAMAGED])
def test_a_row_that_holds_something_else_is_an_error_of_the_store(tmp_path, values):
    path = filled(tmp_path / "a.db")
    with sqlite3.connect(path) as connection:
        text = json.dumps(values)
        connection.execute("UPDATE trial SET observed = ?, seal = NULL", (text,))
    connection.close()
    for read_only in (True, False):
        with pytest.raises(StoreError, match="as observed") as caught:
            open_store(path, read_only=read_only).trials()
        assert "\n" not in str(caught.value)


def test_a_look_leaves_keys_that_are_unknown(tmp_path):
    path = filled(tmp_path / "a.db")
    newer = {"dreamt": True, "inputs": {"train": json_of_observed(OBSERVED)["inputs"]["train"]}}
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE trial SET observed = ?, seal = NULL", (json.dumps(newer),))
    connection.close()
    test = Moments(1.0, 2.0, 1.0, "0e")
    with open_store(path) as store:
        store.record_test({"test_loss": 1.0}, Look(FIRST, "v", 0, "final", "2026-01-01"), test)
        (found,) = store.trials()
    assert found.observed.inputs == {"train": OBSERVED.inputs["train"], "test": test}
    with sqlite3.connect(path) as connection:
        ((text,),) = connection.execute("SELECT observed FROM trial")
    connection.close()
    assert json.loads(text)["dreamt"] is True


def filled(path):
    """A database with one trial."""
    with open_store(path) as store:
        store.add_trials([trial()])
        store.finish(FIRST, TrialOutcome("done", 1, 1.0, observed=OBSERVED))
    return path
