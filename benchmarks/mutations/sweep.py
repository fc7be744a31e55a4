"""Mutate, read, compare: what leaks is counted by its kind."""

from __future__ import annotations

import json
import random
import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.mutations.harm import harmed
from benchmarks.mutations.subjects import Reader, Subject
from paribus.errors import ParibusError

__all__ = ["Leak", "Tally", "sweep"]

WEIGHTY = ("artifact",) * 5 + ("database",) * 4
"""Kinds whose numbers are shown again: they are drawn more often."""
SECONDS = 30
"""No reader of these small files takes longer."""


@dataclass(frozen=True)
class Leak:
    """A mutation that was not survived."""

    number: int
    kind: str
    file: str
    harm: str
    reader: str
    what: str


@dataclass
class Tally:
    """What came of all mutations."""

    refused: Counter[str] = field(default_factory=Counter)
    """Kind of file -> explained errors."""
    unnoticed: Counter[str] = field(default_factory=Counter)
    """Kind of file -> the same answer as before, or (without a checksum) another one."""
    leaks: list[Leak] = field(default_factory=list)
    seconds: float = 0.0


def sweep(subjects: Sequence[Subject], count: int, seed: int, only: int | None = None) -> Tally:
    """Mutate files one after another, and let a reader of each read; files are restored.

    Args:
        subjects: what to mutate.
        count: mutations.
        seed: decides all of them.
        only: do this one alone.
    """
    contents = {subject.path: subject.path.read_bytes() for subject in subjects}
    before = {
        (subject.path, name): _answer(read)
        for subject in subjects
        for name, read in subject.readers.items()
    }
    kinds = sorted({subject.kind for subject in subjects})
    tally, began = Tally(), time.monotonic()
    for number in range(count) if only is None else [only]:
        draw = random.Random(f"{seed}/{number}")
        kind = draw.choice([*(kind for kind in WEIGHTY if kind in kinds), *kinds])
        subject = draw.choice([item for item in subjects if item.kind == kind])
        others = [contents[item.path] for item in subjects if not item.kind.startswith("old")]
        harm, content = harmed(contents[subject.path], draw, others)
        name = draw.choice(sorted(subject.readers))
        names = dict.fromkeys([*(["file"] if "file" in subject.readers else []), name])
        if content == contents[subject.path]:
            continue
        subject.path.write_bytes(content)
        try:
            found = {one: _leak(subject, one, before[subject.path, one], tally) for one in names}
        finally:
            subject.path.write_bytes(contents[subject.path])
            _tidy(subject.path)
        file = f"{subject.path.parent.name}/{subject.path.name}"
        tally.leaks += [
            Leak(number, kind, file, harm, one, what) for one, what in found.items() if what
        ]
    tally.seconds = time.monotonic() - began
    return tally


def _leak(subject: Subject, name: str, before: str, tally: Tally) -> str | None:
    """Return what is wrong with how a reader takes a mutated file; None if nothing is."""
    try:
        with _in_time(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _answer(subject.readers[name])
    except ParibusError as error:
        tally.refused[subject.kind] += 1
        return None if str(error) and "\0" not in str(error) else "an error without a text"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {error}"[:300]
    tally.unnoticed[subject.kind] += 1
    noticed = found in (before, _answer(lambda: None))
    if name == "file":
        return "a changed file that was read"
    if name == "unreadable":
        return None  # names the trial
    return "another answer than before" if subject.sealed and not noticed else None


def _answer(read: Reader) -> str:
    return json.dumps(read(), default=str, sort_keys=True)


@contextmanager
def _in_time() -> Iterator[None]:
    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no answer within {SECONDS} seconds")

    before: Any = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _tidy(path: Path) -> None:
    for ending in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
