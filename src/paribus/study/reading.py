"""Safe reader of YAML 1.2: plain values with their line numbers, within size limits.

Values are built from ruamel's parser events; tags, anchors and aliases are refused, and no objects
are constructed. Keys are text; scalars follow the core schema of YAML 1.2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from paribus.checking import Issue, Path
from paribus.errors import Problem, StudyError
from paribus.study.limits import MAX_BYTES_LARGE, MAX_DEPTH, refuse_long_text

__all__ = ["Document", "read_file", "read_text"]

MAX_DIGITS = 19
"""Largest number of characters of an integer; longer ones are read as floats."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Document:
    """A parsed YAML text: its plain values, and the line of every key and list item."""

    name: str
    """Name of the file, for messages."""
    text: str
    value: Any
    lines: Mapping[Path, int]
    """Path -> line number, from 1."""

    def line(self, path: Path) -> int:
        """Return the line of a path, or of its nearest parent that occurs in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, issue: Issue) -> Problem:
        """Return an issue as a problem with file and line."""
        return issue.problem(f"{self.name}:{self.line(issue.path)}")


@dataclass
class _Builder:
    name: str
    lines: dict[Path, int] = field(default_factory=dict)
    stack: list[tuple[Any, Path]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    root: Any = None
    problems: list[Problem] = field(default_factory=list)

    def place(self, line: int) -> Path:
        """Return the path of the next value, and record its line."""
        if not self.stack:
            return ()
        container, path = self.stack[-1]
        key = self.keys[-1] if isinstance(container, dict) else len(container)
        full = (*path, key if key is not None else "")
        self.lines.setdefault(full, line)
        return full

    def add(self, value: Any) -> None:
        """Add a value to the innermost open container."""
        if not self.stack:
            self.root = value
            return
        container, _ = self.stack[-1]
        if isinstance(container, list):
            container.append(value)
        else:
            container[self.keys[-1]] = value
            self.keys[-1] = None

    def open(self, container: Any, line: int) -> None:
        """Open a mapping or a list."""
        path = self.place(line)
        self.add(container)
        self.stack.append((container, path))
        self.keys.append(None)

    def wants_key(self) -> bool:
        """Return whether the next scalar is a key."""
        return bool(self.stack) and isinstance(self.stack[-1][0], dict) and self.keys[-1] is None

    def key(self, text: str, line: int) -> None:
        """Record a key; a repeated key is a problem."""
        container, path = self.stack[-1]
        if text in container:
            where = f"{self.name}:{line}: {'.'.join(map(str, (*path, text)))}"
            self.problems.append(Problem(where, "is given twice", None, "Remove one of them."))
        self.keys[-1] = text
        self.lines[(*path, text)] = line


def read_file(path: FilePath) -> Document:
    """Read a study file.

    Raises:
        StudyError: the file cannot be read, is too large, or is not plain YAML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES_LARGE + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudyError(Problem(str(path), "must be a readable study file", reason)) from error
    if len(content) > MAX_BYTES_LARGE:
        rule = f"must be at most {MAX_BYTES_LARGE:,} bytes"
        raise StudyError(Problem(str(path), rule, "a larger file"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(Problem(str(path), "must be UTF-8 text", f"byte {error.start}")) from error
    return read_text(text, name=path.name)


def read_text(text: str, *, name: str = "study.yaml") -> Document:
    """Parse YAML text.

    Raises:
        StudyError: the text is too large, invalid, or not plain YAML; repeated keys are all listed.
    """
    refuse_long_text(text, name)
    builder = _Builder(name)
    documents = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            documents += isinstance(event, DocumentStartEvent)
            if documents > 1:
                where = f"{name}:{event.start_mark.line + 1}"
                raise StudyError(Problem(where, "must hold one document", "a second '---'"))
            _take(builder, event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        reason = " ".join(str(error.problem or error.context or error).split())
        raise StudyError(Problem(f"{name}:{line}", "must be valid YAML", reason)) from error
    except YAMLError as error:
        reason = " ".join(str(error).split())
        raise StudyError(Problem(name, "must be valid YAML", reason)) from error
    if builder.problems:
        raise StudyError(builder.problems)
    return Document(name, text, builder.root, builder.lines)


def _take(builder: _Builder, event: Any) -> None:
    line = event.start_mark.line + 1
    if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
        where = f"{builder.name}:{line}"
        raise StudyError(
            Problem(
                where,
                "anchors (&) and aliases (*) are not allowed",
                repr(str(event.anchor)),
                "Write the value out.",
            )
        )
    if isinstance(event, MappingStartEvent | SequenceStartEvent):
        _refuse_tag(builder, event, line)
        if builder.wants_key():
            raise StudyError(
                Problem(f"{builder.name}:{line}", "a key must be text", "a list or mapping")
            )
        if len(builder.stack) >= MAX_DEPTH:
            where = f"{builder.name}:{line}"
            raise StudyError(Problem(where, f"must not be nested deeper than {MAX_DEPTH} levels"))
        builder.open({} if isinstance(event, MappingStartEvent) else [], line)
    elif isinstance(event, MappingEndEvent | SequenceEndEvent):
        builder.stack.pop()
        builder.keys.pop()
    elif isinstance(event, ScalarEvent):
        _refuse_tag(builder, event, line)
        if builder.wants_key():
            builder.key(str(event.value), line)
        else:
            builder.place(line)
            plain = event.style in (None, "")
            builder.add(_scalar(event.value) if plain else str(event.value))


def _refuse_tag(builder: _Builder, event: Any, line: int) -> None:
    if event.tag is not None and str(event.tag) not in ("None", "!"):
        rule, fix = "tags (!) are not allowed", "Write plain values."
        raise StudyError(Problem(f"{builder.name}:{line}", rule, repr(str(event.tag)), fix))


def _scalar(text: str) -> object:
    """Convert a plain scalar by the core schema of YAML 1.2."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.fullmatch(text) and len(text) <= MAX_DIGITS:
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)", text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if text in (".nan", ".NaN", ".NAN") else text
