"""Bars, curves and names drawn with letters."""

import math

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from paribus.report.terminal.text_charts import (
    interval_bar,
    progress_bar,
    shortened,
    shortened_names,
    sparkline,
)
from tests.report.terminal.made_up import LONG, MEANS, results, shown


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
