"""Results in a terminal: fit its width, keep names apart, speak its encoding, draw the right numbers."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from paribus.judge.results import Finding
from paribus.report.terminal.summary import finding_groups
from tests.report.terminal.made_up import LONG, results, shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("width", [80, 60, 40, 120])
@pytest.mark.parametrize("names", [("a", "b", "c"), LONG, ("图" * 40, "像" * 40, "é…" * 30)])
def test_everything_fits_whatever_the_names_and_the_encoding(names, width, encoding):
    lines = shown(results(names), width, encoding).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_a_narrow_screen_keeps_names_and_the_compared_metric():
    text = shown(results(), width=40)
    assert "50.00 [45.00, 55.00]" in text
    assert "●" not in text


def test_findings_of_one_check_share_their_advice():
    rows = [
        Finding("c", "warning", "a", "same", "Do."),
        Finding("c", "warning", "b", "same", "Do."),
        Finding("c", "warning", "d", "other", "Do."),
        Finding("e", "note", "a", "same", "Do."),
    ]
    first, second = finding_groups(rows)
    assert first.items == (("a, b", "same"), ("d", "other"))
    assert (second.check, second.severity) == ("e", "note")
    text = shown(replace(results(), findings=tuple(rows)))
    assert text.count("→ Do.") == 2
    assert text.index("Warnings (3)") < text.index("Note (1)")


@pytest.mark.parametrize("width", [80, 40])
def test_a_claim_without_a_difference_shows_the_reason(width):
    found = results()
    reason = "in none of 5 seeds do all its networks learn; ask how often they collapse"
    text = shown(
        replace(found, claims=(*found.claims[:2], replace(found.claims[2], reason=reason))), width
    )
    assert "".join(reason.split()) in "".join(text.split())
    assert "".join(text.split()).count("],n=") == 2
    only = shown(replace(found, claims=(replace(found.claims[2], reason=reason),)), width)
    assert "".join(reason.split()) in "".join(only.split())
