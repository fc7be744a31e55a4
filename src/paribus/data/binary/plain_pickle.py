"""Decoder of pickles of plain values, which executes nothing and limits the size of the result.

A pickle is a program. `plain_value` interprets the opcodes listed by Python's own `pickletools`, and
rebuilds dictionaries, lists, strings, numbers and byte arrays; any other opcode or name is an error.
A few opcodes can double a value again and again, so a value larger than its pickle is an error, too,
and no value of unknown size is printed, hashed or copied.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ByteArray", "plain_value"]

MOST_OPCODES = 2_000_000
"""Largest accepted number of opcodes; the largest batch of CIFAR-100 has 300,000."""
_RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
_DTYPE = "numpy dtype"
_NAMES = (*_RECONSTRUCT, _DTYPE, "numpy ndarray")


@dataclass
class ByteArray:
    """An array of unsigned bytes."""

    content: bytes = b""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Name:
    text: str


@dataclass
class _Machine:
    budget: int
    """Number of bytes that may still be encoded from text."""
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def encoded(self, text: object) -> bytes:
        """Encode text as bytes, within the budget: a memoised text could be encoded repeatedly."""
        if not isinstance(text, str):
            raise TypeError(f"a {type(text).__name__} is no text to encode")
        self.budget -= len(text)
        if self.budget < 0:
            raise ValueError("the value is larger than its pickle")
        return text.encode("latin-1")


def plain_value(content: bytes) -> Any:
    """Decode a pickled plain value without executing it.

    Raises:
        ValueError: an opcode, a name or a size that plain values do not need.
    """
    machine = _Machine(budget=2 * len(content) + 1024)
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if opcode.name == "STOP":
            return machine.stack[-1]
        if count >= MOST_OPCODES:
            raise ValueError(f"more than {MOST_OPCODES:,} opcodes")
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
        raise ValueError(f"the name {name[:80]!r} is not plain data")


def _reduce(machine: _Machine, _: object) -> None:
    arguments, name = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, _Name) or not isinstance(arguments, tuple):
        raise ValueError(f"a call of a {type(name).__name__} is not plain data")  # noqa: TRY004
    if name.text in _RECONSTRUCT:
        machine.stack.append(ByteArray())
    elif name.text == _DTYPE and isinstance(arguments[0], str) and arguments[0] in ("u1", "|u1"):
        machine.stack.append(name)
    elif name.text == "_codecs encode":
        machine.stack.append(machine.encoded(arguments[0]))
    else:
        raise ValueError(f"{name.text} is not an array of bytes")


def _build(machine: _Machine, _: object) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if isinstance(target, ByteArray):
        _, shape, _, fortran, content = state
        if fortran is not False and fortran != 0:
            raise ValueError("the array is in Fortran order")
        if not isinstance(shape, tuple) or not all(isinstance(size, int) for size in shape):
            raise ValueError("the shape of an array is no shape")
        target.shape = shape
        target.content = content if isinstance(content, bytes) else machine.encoded(content)


def _put(target: Any, key: object, value: object) -> None:
    if not isinstance(target, dict) or not isinstance(key, str | bytes | int):
        raise ValueError(f"a {type(key).__name__} is no name of an entry")  # noqa: TRY004
    target[key] = value


def _set_items(machine: _Machine, _: object) -> None:
    items = machine.since_mark()
    for key, value in zip(items[::2], items[1::2], strict=True):
        _put(machine.stack[-1], key, value)


def _set_item(machine: _Machine, _: object) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    _put(machine.stack[-1], key, value)


def _list(machine: _Machine) -> list[Any]:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise ValueError(f"a {type(target).__name__} is no list")  # noqa: TRY004
    return target


def _append(machine: _Machine, _: object) -> None:
    value = machine.stack.pop()
    _list(machine).append(value)


def _appends(machine: _Machine, _: object) -> None:
    items = machine.since_mark()
    _list(machine).extend(items)


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def action(machine: _Machine, _: object) -> None:
        items = tuple(machine.stack[-count:])
        del machine.stack[-count:]
        machine.stack.append(items)

    return action


def _remember(machine: _Machine, index: int) -> None:
    machine.memo[index] = machine.stack[-1]


def _recall(machine: _Machine, index: int) -> None:
    machine.stack.append(machine.memo[index])


_PUSHED = (
    "BININT",
    "BININT1",
    "BININT2",
    "INT",
    "LONG1",
    "SHORT_BINSTRING",
    "BINSTRING",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINBYTES",
    "SHORT_BINBYTES",
)
_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(_PUSHED, _push),
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
    "APPENDS": _appends,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "BINPUT": _remember,
    "LONG_BINPUT": _remember,
    "BINGET": _recall,
    "LONG_BINGET": _recall,
    "GLOBAL": _global,
    "REDUCE": _reduce,
    "BUILD": _build,
}
