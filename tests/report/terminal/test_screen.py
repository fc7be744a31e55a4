"""What is printed steers no terminal and is no markup."""

from tests.report.hostile import HOSTILE
from tests.report.terminal.made_up import results, shown


def test_the_terminal_sees_no_escape_sequence():
    text = shown(results((HOSTILE, "b", "c")), width=400)
    assert "\x1b" not in text
    assert "<script>" in text, "shown as it is, since a terminal does not run it"


def test_markup_in_names_is_text():
    assert "[red]x[/red]" in shown(results(("[red]x[/red]", "b", "c")))
