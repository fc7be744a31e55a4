"""Options of a run, stored in its folder so that a later run can use the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from paribus.api.run.folder import STUDY, existing_folder, write_text
from paribus.api.run.place import holds_results
from paribus.errors import Problem, StoreError
from paribus.study.load import load_study
from paribus.study.loaded import Study

__all__ = ["Invocation", "keep_invocation", "kept_invocation", "kept_study"]

INVOCATION = "run.json"


@dataclass(frozen=True)
class Invocation:
    """The options of the latest `run` in a folder."""

    base: str | None = None
    """The folder that relative data paths start from."""
    seeds: int | None = None
    overrides: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    jobs: int | None = None
    device: str = "cpu"
    group_size: int | None = None
    executor: str = "processes"


_ADAPTER = TypeAdapter(Invocation)


def keep_invocation(out: Path, invocation: Invocation) -> None:
    """Write the options of a run to its folder.

    Raises:
        StoreError: the file cannot be written.
    """
    write_text(out / INVOCATION, _ADAPTER.dump_json(invocation, indent=1).decode() + "\n")


def kept_invocation(out: Path) -> Invocation:
    """Return the options of the latest run in a folder; defaults if an earlier version ran it.

    Raises:
        StoreError: the file is damaged.
    """
    path = out / INVOCATION
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except FileNotFoundError:
        return Invocation()
    except (ValidationError, OSError) as error:
        rule = "must hold the options of a run"
        fix = "Delete it, and run the study file with its options again."
        raise StoreError(Problem(str(path), rule, "something else", fix)) from error


def kept_study(out: Path) -> Study:
    """Read the study whose results a folder holds.

    Raises:
        StoreError: the folder is not a run's.
        StudyError: the study breaks a rule of this version.
    """
    folder = out if holds_results(out) else existing_folder(out)  # which explains what is missing
    base = kept_invocation(folder).base
    return load_study(out / STUDY, base=None if base is None else Path(base))
