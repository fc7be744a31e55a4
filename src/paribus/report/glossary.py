"""Glossary: every technical term that the page uses, explained on hover and in a list at its end.

To add a term, add it to `TERMS`. The first occurrence in each part of the page becomes a link to the
list, with the explanation as its title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape

__all__ = ["TERMS", "Term", "explained", "terms_in"]


@dataclass(frozen=True)
class Term:
    """A term with its explanation."""

    name: str
    meaning: str
    """One or two sentences; may use other terms."""
    forms: str = ""
    """Regular expression of its forms; by default the name, with or without a plural s."""

    @property
    def anchor(self) -> str:
        """Id of its entry in the list."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def pattern(self) -> str:
        """Regular expression of its forms, as one group."""
        return rf"(?<![\w-])(?:{self.forms or re.escape(self.name) + 's?'})(?![\w-])"


TERMS = (
    Term("variant", "One of the networks or settings that the study compares."),
    Term("baseline", "The variant that the others are compared with."),
    Term("factor", "What a study varies, for example the optimizer. Its values are its levels."),
    Term("trial", "One training of one variant with one seed."),
    Term(
        "seed",
        "The number from which all random choices of a training are drawn: initial weights, order of the images, "
        "dropout. Under the same seed, variants share the choices that they have in common.",
    ),
    Term("epoch", "One pass over the training images."),
    Term(
        "batch",
        "Images that are used for one update of the weights.",
        r"batch(?:es)?(?! normali[sz]ation)",
    ),
    Term(
        "batch normalisation",
        "A layer that brings every channel to mean 0 and standard deviation 1 over a batch; in use, over averages kept "
        "from training.",
        "[Bb]atch normali[sz]ation",
    ),
    Term(
        "optimizer step",
        "One update of the weights, from one batch.",
        "optimizer steps?|training steps?",
    ),
    Term(
        "validation images",
        "Images that are not trained on; variants are compared and selected on them.",
        "validation (?:images|set|accuracy|loss)",
    ),
    Term(
        "test set",
        "Images that play no part in training or selection; they are scored once, at the end.",
        "(?:sealed )?test (?:set|images|accuracy)",
    ),
    Term("accuracy", "The share of the images whose most probable class is the right one."),
    Term(
        "points",
        "Percentage points: from 90 % to 92 % are 2 points.",
        r"(?<=\d )points?",
    ),
    Term(
        "cross-entropy",
        "The loss of a classifier: minus the logarithm of the probability that it gives to the right class, "
        "averaged over images.",
    ),
    Term(
        "paired",
        "Compared seed by seed: what both sides share under one seed cancels out.",
        "paired(?: by seed| differences?)?",
    ),
    Term(
        "interval",
        "A range around a mean over seeds. Made in this way, 95 of 100 such ranges hold the true mean over all seeds.",
        "(?:95 % )?(?:t )?intervals?",
    ),
    Term(
        "standard error",
        "How far a mean would typically lie from the true one, if everything were repeated.",
    ),
    Term(
        "p value",
        "How often chance alone would show a difference at least as large, if there were none.",
        r"p values?|(?<![\w-])p(?= [=<] \d)",
    ),
    Term(
        "margin",
        "The smallest difference that matters, as the study declares it for each claim.",
    ),
    Term(
        "where both learn",
        "In the seeds in which no network that the claim compares collapsed.",
        "where both(?: sides)? learn|where it learns",
    ),
    Term(
        "collapsed",
        "A network collapsed if its training failed, or if its training accuracy is no better than always "
        "naming the largest class.",
        "collaps(?:e|ed|es)",
    ),
    Term(
        "exploratory",
        "Declared or changed after results were seen: a hint for a new study, not a finding of this one.",
        "[Ee]xploratory",
    ),
    Term(
        "fragile",
        "A second test, which assumes no normal distribution, does not confirm the verdict.",
        "fragile",
    ),
    Term(
        "sign flips",
        "A test that assumes no normal distribution: how often would a mean as large come about if the sign of "
        "every seed's difference were thrown by a coin?",
        "sign flips?|sign-flip test",
    ),
    Term(
        "t test",
        "A test of whether a mean differs from zero by more than its spread over seeds explains.",
    ),
    Term(
        "Hotelling's test",
        "The t test of several means at once.",
        "Hotelling(?:'|&#39;)s test",
    ),
    Term(
        "sign test",
        "A test of whether one side is ahead in more seeds than a coin would be.",
        "(?:exact )?sign tests?",
    ),
    Term(
        "McNemar's test",
        "A test of whether two sides differ in how often something happens, from the cases in which it happens to "
        "one of them only.",
        "(?:exact )?McNemar(?:(?:'|&#39;)s)? tests?",
    ),
    Term(
        "Holm",
        "Holm's method: p values are raised so that the chance of any wrong decision among all claims stays below "
        "5 %.",
        "Holm(?:(?:'|&#39;)s (?:method|adjustment))?",
    ),
    Term(
        "Bonferroni",
        "Every claim is tested at 5 % divided by the number of claims, so that the chance of any wrong decision stays "
        "below 5 %.",
        "Bonferroni(?:(?:'|&#39;)s(?: adjustment)?)?",
    ),
    Term(
        "alpha spending",
        "The 5 % are divided over the planned looks, so that looking several times errs no more often than once.",
    ),
    Term(
        "crossed samples",
        "Seeds and images both count as samples: every network is scored on every image.",
    ),
    Term(
        "q",
        "A p value adjusted for many comparisons: of all rows with at most this q, about this share are false "
        "(false discovery rate).",
        "q(?= is the| [=<])|false discovery rates?",
    ),
    Term(
        "main effect",
        "The difference that one factor makes, averaged over the other factors.",
    ),
    Term(
        "interaction",
        "How far the difference that one factor makes depends on another factor.",
    ),
    Term(
        "one more run",
        "The range in which the next single training would lie, 95 times in 100; wider than the interval of the mean.",
        "one (?:more )?run of ours|one more run",
    ),
    Term(
        "retrained",
        "Trained again with the same settings on training and validation images together, before the test.",
        "retrained|refit(?:ted)?",
    ),
    Term(
        "confusion matrix",
        "How often images of each class were taken for each class.",
        "confusion matri(?:x|ces)",
    ),
    Term(
        "calibration",
        "Whether a probability of, say, 80 % is right in 80 % of the cases.",
        "calibration|calibrated|calibration error",
    ),
    Term(
        "label smoothing",
        "Training for a probability a little below 1 of the right class.",
    ),
    Term(
        "augmentation",
        "Random changes of training images, such as mirroring, drawn anew in every epoch.",
        "[Aa]ugmentation",
    ),
    Term(
        "gradient",
        "How the loss changes with each weight; an update follows it downhill.",
    ),
    Term(
        "dead unit",
        "A unit that gives 0 for every image, and so cannot learn any more.",
        "dead units?|units? (?:is|are) dead",
    ),
    Term(
        "saturated",
        "At the flat end of an activation function, where gradients are nearly zero.",
    ),
    Term(
        "Grad-CAM",
        "A map of where in the image a layer found evidence for a class.",
    ),
)

_SKIPPED = (
    "a",
    "code",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "button",
    "script",
    "style",
    "option",
    "summary",
)
_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-zA-Z0-9]+)")


def terms_in(parts: Mapping[str, str]) -> tuple[Term, ...]:
    """Return the terms that the parts of a page link to, in alphabetical order.

    Args:
        parts: name -> HTML, as `explained` returned it.
    """
    text = "".join(parts.values())
    used = [term for term in TERMS if f'href="#{term.anchor}"' in text]
    return tuple(sorted(used, key=lambda term: term.name.lower()))


def explained(html: str) -> str:
    """Return HTML in which the first occurrence of each term is a link to its explanation.

    Args:
        html: well-formed, without ``>`` in attributes. Headings, links and code are left as they are,
            and so are the names of rows, which are the user's.
    """
    left = set(range(len(TERMS)))
    return "".join(_pieces(html, left))


def _pieces(html: str, left: set[int]) -> Iterator[str]:
    skipped: list[str] = []
    for piece in _TAG.split(html):
        if not piece.startswith("<"):
            yield piece if skipped or not left else _linked(piece, left)
            continue
        yield piece
        found = _NAME.match(piece)
        name = found[1].lower() if found else ""
        if piece.startswith("</"):
            if skipped and skipped[-1] == name:
                skipped.pop()
        elif (
            name in _SKIPPED
            or (name == "th" and 'scope="row"' in piece)
            or (skipped and name == skipped[-1])
        ):
            skipped.append(name)


def _linked(text: str, left: set[int]) -> str:
    """Link the terms whose numbers are in ``left``, and take them out of it."""

    def link(match: re.Match[str]) -> str:
        number = next(k for k in range(len(TERMS)) if match[f"t{k}"] is not None)
        if number not in left:
            return match[0]
        left.discard(number)
        term = TERMS[number]
        return (
            f'<a class="term" href="#{term.anchor}" title="{escape(term.meaning)}">{match[0]}</a>'
        )

    return _pattern().sub(link, text)


@cache
def _pattern() -> re.Pattern[str]:
    """Return the expression of all terms; of two that begin at one place, the longer name comes first."""
    order = sorted(range(len(TERMS)), key=lambda k: -len(TERMS[k].name))
    return re.compile("|".join(f"(?P<t{k}>{TERMS[k].pattern})" for k in order))
