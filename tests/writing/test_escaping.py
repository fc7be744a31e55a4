"""Texts of others in CSV, Markdown and LaTeX: read back by a reader of each, they are what they were."""

import csv
import io
import re

import pytest

from paribus.writing.escaping import csv_cell, latex_text, markdown_text

HARMFUL = "\\`*_{}[]<>|#"


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_starts_a_formula_and_the_rest_is_kept(start):
    text = f'{start}1+1, "quoted"\nnext'
    file = io.StringIO()
    csv.writer(file).writerow([csv_cell(text)])
    ((found,),) = csv.reader(io.StringIO(file.getvalue()))
    assert found == f"'{text}"
    assert csv_cell(f"a{text}") == f"a{text}"


def test_markdown_escapes_each_letter_that_is_markup_once():
    assert re.sub(r"\\(.)", r"\1", markdown_text(HARMFUL)) == HARMFUL
    assert len(markdown_text(HARMFUL)) == 2 * len(HARMFUL)
    assert markdown_text("two\nlines") == "two lines"
    assert markdown_text("---") == "---", "the line below the head of a table"


def test_latex_shows_every_special_letter():
    for letter in "&%$#_{}":
        assert latex_text(letter) == f"\\{letter}"
    assert latex_text("a\\b~c^d") == r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"
    assert latex_text("<i>\n") == r"\textless{}i\textgreater{} "


@pytest.mark.parametrize("write", [csv_cell, markdown_text, latex_text])
def test_nothing_steers_a_terminal(write):
    assert "\x1b" not in write("\x1b[31mred")
    assert "\u202e" not in write("\u202eevil")
