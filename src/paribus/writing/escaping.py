"""Escaping of text for CSV, Markdown and LaTeX, so that no target interprets it as code or markup."""

from __future__ import annotations

import re

from paribus.wording import plain

__all__ = ["csv_cell", "latex_text", "markdown_text", "plain"]


def csv_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and does not run as a formula."""
    clean = plain(text)
    return f"'{clean}" if clean[:1] in ("=", "+", "-", "@", "\t", "\r") else clean


def markdown_text(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", plain(text)) if text != "---" else text
    return escaped.replace("\n", " ")


_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def latex_text(text: str) -> str:
    """Return a text that LaTeX shows as it is, on one line."""
    return "".join(_TEX.get(letter, letter) for letter in plain(text)).replace("\n", " ")
