"""Width and encoding of a terminal. Everything that is printed with Rich passes through here."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from paribus.report.terminal.text_charts import shortened_names
from paribus.wording import plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

__all__ = [
    "MARKS",
    "NAME",
    "STYLES",
    "Screen",
    "console_of",
    "hanging",
    "heading",
    "indented",
    "screen_of",
]

NAME = (12, 40)
"""Smallest and largest width of a column of names."""
MARKS = {
    "supported": "✓+",
    "refuted": "✗x",
    "supported but negligible": "≈=",
    "practically equal": "≈=",
    "undecided": "??",
    "error": "✗x",
    "warning": "▲!",
    "note": "•-",
}
"""Verdict or severity -> its symbol in Unicode and in ASCII."""
STYLES = {
    "supported": "green",
    "refuted": "red",
    "error": "bold red",
    "warning": "yellow",
    "note": "dim",
    "done": "green",
    "running": "cyan",
    "failed": "red",
    "pending": "dim",
}


@dataclass(frozen=True)
class Screen:
    """A terminal, a pipe or a file.

    Example:
        >>> Screen(80, "latin-1").text("naïve …"), Screen().mark("warning")
        ('naïve ?', '▲')
    """

    width: int = 80
    encoding: str = "utf-8"

    @property
    def ascii_only(self) -> bool:
        """Whether the encoding lacks the Unicode characters of bars and symbols."""
        return not self.encoding.lower().startswith("utf")

    def text(self, text: str) -> str:
        """Return a text without control sequences, and without characters that cannot be encoded."""
        clean = plain(text).replace("\n", " ").replace("\t", " ")
        return codecs.decode(codecs.encode(clean, self.encoding, "replace"), self.encoding)

    def mark(self, word: str) -> str:
        """Return the mark of a verdict or a severity."""
        return MARKS.get(word, "··" if not self.ascii_only else "--")[self.ascii_only]

    def names(self, names: Sequence[str], width: int) -> dict[str, str]:
        """Return names as they are shown, shortened where they are wider than there is room for."""
        room = min(NAME[1], max(NAME[0], width))
        clean = [self.text(name) for name in names]
        short = shortened_names(clean, room, ascii_only=self.ascii_only)
        return {name: short[text] for name, text in zip(names, clean, strict=True)}

    def table(self) -> Table:
        """Return an empty table with two blanks between its columns and a line under its head."""
        from rich import box
        from rich.table import Table

        lines = "    \n    \n -- \n" + "    \n" * 5
        return Table(
            box=box.Box(lines, ascii=True) if self.ascii_only else box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )


def indented(what: RenderableType, left: int = 1, *, above: int = 0) -> Padding:
    """Return content with indentation and blank lines above."""
    from rich.padding import Padding

    return Padding(what, (above, 0, 0, left))


def heading(text: str) -> Padding:
    """Return the title of a part, with a blank line above."""
    from rich.text import Text

    return indented(Text(text, "bold"), above=1)


def hanging(mark: Text, text: Text) -> Table:
    """Return a text whose further lines begin under its first, with a mark before it."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(mark, text)
    return grid


def console_of(*, stderr: bool = False) -> Console:
    """Return the terminal to print to, without Rich's own colouring of numbers and paths."""
    return _plain_console()(highlight=False, emoji=False, stderr=stderr)


@cache
def _plain_console() -> type[Console]:
    """Return the class of a terminal that nothing printed can steer; its own colours remain."""
    from rich.console import Console
    from rich.segment import Segment

    class PlainConsole(Console):
        def render(self, *arguments: Any, **options: Any) -> Iterator[Segment]:
            for piece in super().render(*arguments, **options):
                if piece.control:
                    yield piece
                else:
                    text = plain(piece.text).encode(self.encoding, "replace").decode(self.encoding)
                    yield Segment(text, piece.style)

    return PlainConsole


def screen_of(console: Console) -> Screen:
    """Return width and encoding of a console."""
    return Screen(console.width, console.encoding)
