"""Docstrings and notes have a noun and say what is done to what."""

import ast

import pytest

from tests.conftest import ROOT

FILES = sorted((ROOT / "src" / "paribus").rglob("*.py"))
LINKS = ("See `",)
"""A docstring of two words may name the place where it is told."""


def told(path):
    """Yield (line, text) of every docstring and note of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield node.lineno, text.strip()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_no_note_leaves_out_its_noun_and_none_is_two_words_long(path):
    for line, text in told(path):
        assert not text.startswith("Of "), f"{path}:{line}: {text}"
        assert len(text.split()) > 1 or "``" in text or "." not in text, f"{path}:{line}: {text}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_docstring_has_three_words_at_least(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            text = ast.get_docstring(node)
            assert len(text.split()) > 2 or text.startswith(LINKS), f"{path}: {node.name}: {text}"
