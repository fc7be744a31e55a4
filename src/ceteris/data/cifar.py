"""CIFAR-10's Python batches, read without running them.

The batches are pickles, and a pickle is a program. `plain_value` walks through the opcodes of
Python's own `pickletools` and rebuilds dictionaries, lists, strings, numbers and byte arrays; any
other opcode or name ends in an error. Archives are read member by member; nothing is unpacked.
"""

from __future__ import annotations

import lzma
import pickletools
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ceteris.data.dataset import Dataset, make_dataset
from ceteris.errors import DataError, Problem
from ceteris.records import Parts

__all__ = ["BATCHES", "plain_value", "read_cifar"]

BATCHES = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")
_META = "batches.meta"
_MEMBER_LIMIT = 64 << 20
_ROW = 3 * 32 * 32

_RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
_DTYPE = "numpy dtype"
_NAMES = (*_RECONSTRUCT, _DTYPE, "numpy ndarray")


@dataclass
class _Array:
    content: bytes = b""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Name:
    text: str


@dataclass
class _Machine:
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items


def read_cifar(path: Path) -> Dataset:
    """Read an archive (tar, tar.gz, tar.xz) or an unpacked ``cifar-10-batches-py`` folder.

    Raises:
        DataError: a batch is missing, damaged or holds something else.
    """
    contents = dict(_folder(path) if path.is_dir() else _archive(path))
    missing = [name for name in (*BATCHES, _META) if name not in contents]
    if missing:
        raise DataError(
            Problem(
                str(path),
                "must hold all of CIFAR-10's batches",
                f"none called {', '.join(missing)}",
            )
        )
    images, labels = zip(*(_batch(path, name, contents[name]) for name in BATCHES), strict=True)
    names = _value(path, _META, contents[_META]).get("label_names", [])
    pixels = np.concatenate(images).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return make_dataset(
        pixels,
        np.concatenate(labels),
        tuple(map(str, names)),
        where=str(path),
        parts=Parts(sum(map(len, labels[:5])), test=len(labels[5])),
    )


def plain_value(content: bytes) -> Any:
    """Rebuild a pickled plain value without executing anything.

    Raises:
        ValueError: an opcode or a name that plain batches do not use.
    """
    machine = _Machine()
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name == "STOP":
            return machine.stack[-1]
        action = _ACTIONS.get(opcode.name)
        if action is None:
            raise ValueError(f"opcode {opcode.name} is not plain data")
        action(machine, argument)
    raise ValueError("the value has no end")


def _push(machine: _Machine, value: object) -> None:
    machine.stack.append(value)


def _global(machine: _Machine, name: str) -> None:
    if name == "_codecs encode" or name in _NAMES:
        machine.stack.append(_Name(name))
    else:
        raise ValueError(f"the name {name!r} is not plain data")


def _reduce(machine: _Machine, _: object) -> None:
    arguments, name = machine.stack.pop(), machine.stack.pop()
    if isinstance(name, _Name) and name.text in _RECONSTRUCT:
        machine.stack.append(_Array())
    elif isinstance(name, _Name) and name.text == _DTYPE and arguments[0] in ("u1", "|u1"):
        machine.stack.append(name)
    elif isinstance(name, _Name) and name.text == "_codecs encode":
        machine.stack.append(str(arguments[0]).encode("latin-1"))
    else:
        raise ValueError(f"{name} with {arguments!r:.40} is not an array of bytes")


def _build(machine: _Machine, _: object) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if isinstance(target, _Array):
        _, shape, _, fortran, content = state
        if fortran:
            raise ValueError("the array is in Fortran order")
        target.shape = tuple(shape)
        target.content = content.encode("latin-1") if isinstance(content, str) else content


def _set_items(machine: _Machine, _: object) -> None:
    items = machine.since_mark()
    machine.stack[-1].update(zip(items[::2], items[1::2], strict=True))


def _set_item(machine: _Machine, _: object) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.stack[-1][key] = value


def _append(machine: _Machine, _: object) -> None:
    value = machine.stack.pop()
    machine.stack[-1].append(value)


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def action(machine: _Machine, _: object) -> None:
        items = tuple(machine.stack[-count:])
        del machine.stack[-count:]
        machine.stack.append(items)

    return action


def _remember(machine: _Machine, index: int) -> None:
    machine.memo[index] = machine.stack[-1]


_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(
        (
            "BININT",
            "BININT1",
            "BININT2",
            "INT",
            "LONG1",
            "SHORT_BINSTRING",
            "BINSTRING",
            "BINUNICODE",
        ),
        _push,
    ),
    **dict.fromkeys(("SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"), _push),
    "PROTO": lambda _machine, _: None,
    "NONE": lambda machine, _: _push(machine, None),
    "NEWTRUE": lambda machine, _: _push(machine, True),
    "NEWFALSE": lambda machine, _: _push(machine, False),
    "EMPTY_DICT": lambda machine, _: _push(machine, {}),
    "EMPTY_LIST": lambda machine, _: _push(machine, []),
    "EMPTY_TUPLE": lambda machine, _: _push(machine, ()),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "TUPLE": lambda machine, _: _push(machine, tuple(machine.since_mark())),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "APPEND": _append,
    "APPENDS": lambda machine, _: machine.stack[machine.marks[-1] - 1].extend(machine.since_mark()),
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "BINPUT": _remember,
    "LONG_BINPUT": _remember,
    "BINGET": lambda machine, index: _push(machine, machine.memo[index]),
    "LONG_BINGET": lambda machine, index: _push(machine, machine.memo[index]),
    "GLOBAL": _global,
    "REDUCE": _reduce,
    "BUILD": _build,
}


def _value(path: Path, name: str, content: bytes) -> dict[str, Any]:
    try:
        value = plain_value(content)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            Problem(
                f"{path}: {name}", "must be a batch of plain data", str(error), "Download it again."
            )
        ) from error
    if not isinstance(value, dict):
        raise DataError(Problem(f"{path}: {name}", "must hold a dictionary", type(value).__name__))
    return {_text(key): item for key, item in value.items()}


def _text(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _batch(
    path: Path, name: str, content: bytes
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    value = _value(path, name, content)
    data, labels = value.get("data"), value.get("labels")
    good = (
        isinstance(data, _Array) and isinstance(labels, list) and data.shape == (len(labels), _ROW)
    )
    if not good or not isinstance(data, _Array) or len(data.content) != len(labels or ()) * _ROW:
        raise DataError(
            Problem(
                f"{path}: {name}",
                f"must hold labels and as many rows of {_ROW} bytes",
                "other data",
            )
        )
    pixels = np.frombuffer(data.content, np.uint8).reshape(data.shape)
    return pixels, np.array(labels, dtype=np.int64)


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for name in (*BATCHES, _META):
        if (path / name).is_file():
            yield name, (path / name).read_bytes()


def _archive(path: Path) -> Iterator[tuple[str, bytes]]:
    wanted = {*BATCHES, _META}
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                name = member.name.rsplit("/", 1)[-1]
                if name not in wanted or not member.isfile():
                    continue
                if member.size > _MEMBER_LIMIT:
                    raise DataError(
                        Problem(
                            f"{path}: {name}",
                            f"must be under {_MEMBER_LIMIT:,} bytes",
                            f"{member.size:,}",
                        )
                    )
                file = archive.extractfile(member)
                if file is not None:
                    yield name, file.read()
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise DataError(
            Problem(str(path), "must be a whole tar archive", str(error), "Download it again.")
        ) from error
