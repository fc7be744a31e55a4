"""The sentence that explains a verdict, generated from the numbers of its `ClaimRow` alone."""

from __future__ import annotations

from paribus.judge.results import ClaimRow
from paribus.judge.verdicts import MIN_SEEDS
from paribus.wording import counted

__all__ = ["reason_of"]

_DECIDED = ("supported", "supported but negligible", "refuted")


def reason_of(row: ClaimRow) -> str:
    """Explain in one sentence why a claim got its verdict.

    Args:
        row: the judged claim; its field ``reason`` is ignored.
    """
    if row.n < MIN_SEEDS:
        seeds = f"{counted(row.n, 'seed')} {'is' if row.n == 1 else 'are'}"
        return f"{seeds} too few for a verdict; at least {MIN_SEEDS} are needed{_networks(row)}"
    sentence = _sentence(row)
    if row.look is not None and row.verdict in _DECIDED:
        sentence += f"; decided early, at look {row.look}: the estimate runs high"
    if row.fragile and row.verdict in _DECIDED:
        sentence += f"; fragile: the sign-flip test does not confirm it (p = {row.p_flip:.2g})"
    elif row.fragile:
        sentence += (
            f"; fragile: the sign-flip test does find a difference (p = {row.p_flip:.2g}), so a few seeds "
            "are far from the others: look at them"
        )
    return sentence


def _networks(row: ClaimRow) -> str:
    if row.networks is None:
        return ""
    seen = row.networks
    return (
        f". Of these two networks, {seen.only_left} images are right in the first only and "
        f"{seen.only_right} in the second only (exact McNemar test: p = {seen.p:.2g}), which says "
        "nothing about other seeds"
    )


def _sentence(row: ClaimRow) -> str:
    margin = f"{row.claim.margin:g}"
    if row.not_monotone:
        return "one step between neighbouring levels goes the other way for sure"
    if row.claim.operator == "=":
        sentences = {
            "supported": f"the difference lies within {margin} of zero{_p(row)}",
            "refuted": f"the difference lies beyond {margin}{_p(row)}",
        }
    else:
        sentences = {
            "supported": f"the difference lies on the claimed side{_p(row)}",
            "refuted": f"the difference lies on the other side{_p(row)}",
            "supported but negligible": (
                f"the difference lies on the claimed side{_p(row)}, but within {margin} of zero"
            ),
        }
    sentences |= {
        "practically equal": f"whatever the difference is, it lies within {margin} of zero",
        "undecided": _undecided(row),
        "cannot be decided by seeds": (
            "even a hundred seeds would probably not decide it: the difference is small against its "
            "spread, and not small enough against the margin"
        )
        + _more_images(row),
    }
    return sentences[row.verdict]


def _more_images(row: ClaimRow) -> str:
    if not row.image_error:
        return ""
    return f"; the images alone leave an error of {row.image_error:.2g}, which needs more images"


def _p(row: ClaimRow) -> str:
    return f" (p = {row.adjusted_p:.2g}, adjusted for all claims)"


def _undecided(row: ClaimRow) -> str:
    more = (
        ""
        if row.more_seeds is None
        else f"; about {counted(row.more_seeds, 'more seed')} would decide it"
    )
    return f"both outcomes are open (p = {row.adjusted_p:.2g}, adjusted for all claims){more}"
