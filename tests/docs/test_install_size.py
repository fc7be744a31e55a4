"""The table of sizes: the largest, the rest, the total; and the page that shows it."""

from pathlib import Path

from docs.install_size import table

PAGE = Path(__file__).parents[2] / "docs" / "install.md"


def test_the_largest_come_first_and_the_rest_is_added_up():
    assert table([("small", "1", 2_000_000), ("large", "2", 9_400_000)], 1).splitlines() == [
        "| distribution | version | MB |",
        "|---|---|--:|",
        "| large | 2 | 9.4 |",
        "| 1 other | | 2.0 |",
        "| **all 2** | | **11.4** |",
    ]


def test_few_distributions_leave_no_rest():
    lines = table([("b", "1", 1_000_000), ("A", "1", 1_000_000)]).splitlines()
    assert lines[2:] == ["| A | 1 | 1.0 |", "| b | 1 | 1.0 |", "| **all 2** | | **2.0** |"]


def test_the_page_shows_tables_of_this_form():
    lines = PAGE.read_text("utf-8").splitlines()
    assert lines.count("| distribution | version | MB |") == 2
    assert sum(line.startswith("| **all ") for line in lines) == 2
