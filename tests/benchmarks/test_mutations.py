"""Mutated files against every reader: no traceback, and no other number from a file with a checksum."""

import secrets

import pytest

from benchmarks.mutations.harm import HARMS, harmed
from benchmarks.mutations.subjects import subjects
from benchmarks.mutations.sweep import sweep
from paribus.execute import sealed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return subjects(tmp_path_factory.mktemp("mutations"))


def test_no_mutation_leaks(files):
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}; again: python -m benchmarks.mutations --count 300 --seed {seed}")
    found = sweep(files, 300, seed)
    assert not found.leaks, "\n".join(map(str, found.leaks))
    assert found.refused["artifact"] > 30
    assert found.refused["database"] > 15
    assert {kind.partition(" ")[0] for kind in found.refused} >= {"artifact", "database", "data"}


def test_the_sweep_sees_a_reader_that_does_not_compare_checksums(files, monkeypatch):
    monkeypatch.setattr(sealed, "_verify", lambda *_: None)
    leaks = sweep([item for item in files if item.kind == "artifact"], 60, 1).leaks
    assert {leak.reader for leak in leaks} >= {"file"}


def test_files_are_as_before(files):
    before = {item.path: item.path.read_bytes() for item in files}
    sweep(files, 30, 2)
    assert before == {item.path: item.path.read_bytes() for item in files}


def test_one_mutation_can_be_repeated(files):
    import random

    found = {harmed(b"some content " * 9, random.Random("7/5"), [b"x"]) for _ in range(3)}
    assert len(found) == 1
    assert {harm.__name__ for harm in HARMS} >= {"cut", "flip", "zero", "swap", "empty"}
