"""Every technical term of the page is explained where it stands first and in the list at the end."""

import re
from html import unescape
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.report.glossary import TERMS, explained, terms_in

LINK = re.compile(r'<a class="term" href="#([a-z0-9-]+)" title="[^"]*">(.*?)</a>')
JARGON = [
    "Bonferroni",
    "Holm",
    "Hotelling's test",
    "McNemar's test",
    "false discovery rate",
    "sign test",
    "sign flips",
    "t test",
    "p value",
    "standard error",
    "margin",
    "exploratory",
    "fragile",
    "collapse",
    "main effect",
    "interaction",
    "confusion matrix",
    "calibration",
    "Grad-CAM",
    "cross-entropy",
    "label smoothing",
    "baseline",
    "seed",
    "variant",
    "trial",
    "where both learn",
    "paired",
]
"""What a first-year student may not know; where the page says it, the glossary has it."""


def unlinked(html):
    return LINK.sub(lambda match: match[2], html)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_a_term_is_a_sentence_and_finds_itself(term):
    assert re.search(term.pattern, f"2 {term.name} = 3"), term.pattern
    assert term.meaning.endswith((".", "?"))
    assert term.meaning[0].isupper()


def test_names_and_anchors_are_unique():
    assert len({term.anchor for term in TERMS}) == len({term.name for term in TERMS}) == len(TERMS)


@pytest.mark.parametrize("word", JARGON)
def test_jargon_has_an_entry(word):
    assert LINK.search(explained(f"<p>The {word} here: {word} = 1</p>")), word


def test_only_the_first_occurrence_is_linked_and_nothing_within_links_headings_code_and_names():
    html = (
        '<h2 id="x">Seeds</h2><a href="#y">a seed</a><code>seed</code><th scope="row">seed</th>'
        '<td title="seed">two seeds</td><p>a seed</p>'
    )
    found = explained(html)
    assert [match[2] for match in LINK.finditer(found)] == ["seeds"]
    assert unlinked(found) == html


def test_parts_of_words_are_no_terms():
    for text in (
        "seedling",
        "batch_norm",
        "batch-size",
        "reseed",
        "interactionless",
        "p",
        "q",
        "points",
    ):
        assert explained(f"<p>{text}</p>") == f"<p>{text}</p>"
    assert "term-p-value" in explained("<p>p = 0.03</p>")
    assert "term-points" in explained("<p>+2.00 points</p>")


def test_the_longer_term_wins():
    assert "term-sign-test" in explained("<p>an exact sign test</p>")
    assert "term-batch-normalisation" in explained("<p>batch normalisation</p>")
    assert "term-test-set" in explained("<p>the sealed test set</p>")


@given(st.text(alphabet='<>&seed margin p=0.1pointh2/" ', max_size=60))
def test_any_text_keeps_its_letters(text):
    from html import escape

    html = f"<p>{escape(text)}</p><h3>{escape(text)}</h3>"
    assert unlinked(explained(html)) == html


def test_the_list_holds_what_is_linked():
    parts = {"one": explained("<p>a seed, a margin</p>"), "two": explained("<p>a seed</p>")}
    assert [term.name for term in terms_in(parts)] == ["margin", "seed"]
    assert terms_in({"one": "<p>nothing</p>"}) == ()


def test_the_templates_say_no_jargon_that_has_no_entry():
    """Statistical tests, corrections and distributions that templates name must be explained."""
    known = re.compile("|".join(term.pattern for term in TERMS))
    named = re.compile(
        r"\b(?:[A-Z][a-z]+(?:'s|&#39;s) (?:test|method|adjustment)|\w+ rates?\b(?= of Ben)|standard errors?)"
    )
    for file in files("paribus.report").joinpath("page").iterdir():
        if file.name.endswith(".j2"):
            text = unescape(
                re.sub(r"<[^>]*>|\{[%{#].*?[%}#]\}", " ", file.read_text(encoding="utf-8"))
            )
            for match in named.finditer(text):
                assert known.search(match[0]), f"{file.name}: {match[0]}"
