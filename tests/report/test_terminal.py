"""Results in a terminal: fit its width, keep names apart, speak its encoding, draw the right numbers."""

import io
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from paribus.judge.published import PublishedRow
from paribus.judge.results import ClaimRow, Finding, StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.records import Claim, EpochRecord, StoredTrial
from paribus.report.terminal.screen import Screen
from paribus.report.terminal.summary import finding_groups, rich_results
from paribus.report.terminal.text_charts import (
    interval_bar,
    progress_bar,
    shortened,
    shortened_names,
    sparkline,
)
from tests.report.test_report import HOSTILE

LONG = [
    f"a/very/long/name-of-a-variant-that-nobody-can-say/{k}/same-end-of-the-name" for k in "xyz"
]
MEANS = (0.5, 0.7, 0.9)


def results(names=("a", "b", "c"), *, epochs=3, means=MEANS, half=0.05):
    intervals = [Interval(mean, mean - half, mean + half, 0.01, 5) for mean in means]
    variants = tuple(
        VariantSummary(name, {}, 5, 0, {"accuracy": item, "val_accuracy": item})
        for name, item in zip(names, intervals, strict=True)
    )
    trials = tuple(
        StoredTrial(f"{name}{seed}", name, {}, seed, "train", "done", 1, epochs, 1.0, {}, tuple(
            EpochRecord(e, {"accuracy": 0.1, "val_accuracy": mean * e / epochs}, 1, 1, 0.1)
            for e in range(1, epochs + 1)
        ))
        for name, mean in zip(names, means, strict=True)
        for seed in range(2)
    )  # fmt: skip
    claim = Claim("c", f"{names[0]} > {names[1]} on val_accuracy", "", names[0], ">", names[1], "val_accuracy")  # fmt: skip
    claims = (
        ClaimRow(claim, "supported", 0.02, 0.01, 0.03, 5, "because"),
        ClaimRow(claim, "cannot be decided by seeds", -0.02, -0.05, 0.01, 5, "", exploratory=True),
        ClaimRow(claim, "not assessable", math.nan, math.nan, math.nan, 0, ""),
    )
    findings = tuple(
        Finding("c", severity, name, "it " + "does not learn " * 9, "Look at the rate, " * 9)
        for severity in ("error", "warning", "note")
        for name in names
    )
    published = tuple(
        PublishedRow(name, "val_accuracy", 0.99, 0.9, 0.88, 0.92, 0.8, 1.1, 5, "unlike ours")
        for name in names
    )
    return StudyResults("s", True, trials, variants, (), claims, None, findings, (), (), published)


def shown(found, width=80, encoding="utf-8"):
    buffer = io.BytesIO()
    with io.TextIOWrapper(buffer, encoding=encoding, write_through=True) as file:
        Console(width=width, file=file, highlight=False).print(
            rich_results(found, Screen(width, encoding))
        )
        return buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("width", [80, 60, 40, 120])
@pytest.mark.parametrize("names", [("a", "b", "c"), LONG, ("图" * 40, "像" * 40, "é…" * 30)])
def test_everything_fits_whatever_the_names_and_the_encoding(names, width, encoding):
    lines = shown(results(names), width, encoding).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_bars_stand_where_the_numbers_are_on_one_axis():
    lines = shown(results()).splitlines()
    head = next(line for line in lines if line.startswith(" variant"))
    start, end = head.index("45.00"), head.index("95.00") + len("95.00")
    for line, mean in zip(lines[lines.index(head) + 2 :], MEANS, strict=False):
        place = (mean - 0.45) / 0.5
        assert line.index("●") == start + round(place * (end - start - 1))
    assert lines[lines.index(head) + 2][start] == "├"
    assert lines[lines.index(head) + 4][end - 1] == "┤"


def test_curves_share_one_scale_and_are_left_out_where_there_is_one_epoch():
    text = shown(results(means=(0.3, 0.6, 0.9)))
    assert "▁▂▃" in text
    assert "▃▅█" in text
    assert "per epoch" not in shown(results(epochs=1)).lower()


def test_a_narrow_screen_keeps_names_and_the_compared_metric():
    text = shown(results(), width=40)
    assert "50.00 [45.00, 55.00]" in text
    assert "●" not in text


def test_shortened_names_stay_apart_and_the_reader_is_told_where_they_stand_in_full():
    text = shown(results(LONG))
    assert "`paribus results --json`" in text
    assert "--json" not in shown(results())
    rows = [line for line in text.splitlines() if "[45.00, 55.00]" in line or "[65.00, 75.00]" in line]  # fmt: skip
    assert len({row.split()[0] for row in rows}) == 2


@given(st.sets(st.text(st.characters(categories=["L", "N", "P"]), max_size=60), min_size=1, max_size=12), st.integers(12, 40))  # fmt: skip
def test_shortened_names_fit_and_differ(names, width):
    short = shortened_names(sorted(names), width)
    assert set(short) == names
    assert max(map(cell_len, short.values())) <= width
    assert all(short[name] == name for name in names if cell_len(name) <= width)


def test_names_that_differ_only_in_what_is_left_out_get_numbers():
    names = [f"{'a' * 30}{k:02}{'b' * 30}" for k in range(15)]
    short = shortened_names(names, 12)
    assert len(set(short.values())) == 15
    assert short[names[11]].startswith("12…")


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=50), st.integers(1, 12), st.booleans()
)  # fmt: skip
def test_a_curve_starts_and_ends_at_its_first_and_last_value(values, width, ascii_only):
    line = sparkline(values, (0.0, 1.0), width=width, ascii_only=ascii_only)
    assert len(line) == min(len(values), width)
    first = sparkline(values[:1], (0.0, 1.0), width=1, ascii_only=ascii_only)
    assert line[0] == first
    assert line.isascii() == ascii_only
    if width > 1:
        assert line[-1] == sparkline(values[-1:], (0.0, 1.0), width=1, ascii_only=ascii_only)


def test_an_axis_without_length_and_a_missing_mean_draw_nothing_wrong():
    assert interval_bar((0.5, 0.5, 0.5), (0.5, 0.5), width=5) == "  ●  "
    assert interval_bar((math.nan,) * 3, (0.0, 1.0), width=5) == "     "
    assert shortened("abc", 1) == "…"
    assert sparkline([math.nan, 1.0], (0.0, 1.0), width=4) == " █"


@given(st.lists(st.integers(0, 500), min_size=4, max_size=4), st.integers(4, 40))
def test_a_progress_bar_has_its_width_and_hides_nothing(counts, width):
    words = ("done", "running", "failed", "pending")
    pieces = progress_bar(list(zip(counts, words, strict=True)), width=width)
    assert {word for _, word in pieces} == {w for c, w in zip(counts, words, strict=True) if c}
    assert sum(len(text) for text, _ in pieces) == (width if sum(counts) else 0)


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


def test_the_terminal_sees_no_escape_sequence():
    text = shown(results((HOSTILE, "b", "c")), width=400)
    assert "\x1b" not in text
    assert "<script>" in text, "shown as it is, since a terminal does not run it"


def test_markup_in_names_is_text():
    assert "[red]x[/red]" in shown(results(("[red]x[/red]", "b", "c")))
