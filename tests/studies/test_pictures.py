"""docs/pictures.md and the tests of what it lists belong together."""

import re

import pytest

from studies.__main__ import ROOT
from tests.studies import test_pictures_a_b, test_pictures_c, test_pictures_d_e
from tests.studies.picture_rows import PAGE, ROWS, Run

MODULES = (test_pictures_a_b, test_pictures_c, test_pictures_d_e)


def keys_with_a_test():
    names = [name for module in MODULES for name in vars(module)]
    return [name[5:7].upper() for name in names if re.match(r"test_[a-e]\d_", name)]


def test_every_row_has_a_test_and_every_test_a_row():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    written = [line for line in lines if re.match(r"\| [A-E]\d", line)]
    assert len(written) == len(ROWS), "a row that cannot be read, or two of one name"
    assert sorted(keys_with_a_test()) == sorted(ROWS)
    assert {row.study for row in ROWS.values()} <= {path.stem for path in ROOT.glob("*.yaml")}


def test_no_lab_is_left_out():
    assert {key[0] for key in ROWS} == set("ABCDE")


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("key", [key for key, row in ROWS.items() if row.anchor])
def test_the_report_has_the_place_that_the_page_names(key, quick_lab):
    row = ROWS[key]
    assert f'<h2 id="{row.anchor}">' in Run(row, quick_lab(row.study)).page
