"""The sentences that explain a verdict, generated from the numbers of its `ClaimRow` alone.

All of them follow one rule: what is so, how sure it is, and where something can be done, what.
"""

from __future__ import annotations

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.verdicts import MIN_SEEDS
from paribus.wording import counted, p_value

__all__ = ["reason_of"]

_DECIDED = ("supported", "supported but negligible", "refuted")
_PARTIAL = (
    "a few seeds are far from the others, as when networks fail in part; ask in how many seeds one side "
    "is ahead (`of: wins`)"
)


def reason_of(row: ClaimRow) -> str:
    """Explain in one sentence why a claim got its verdict.

    Args:
        row: the judged claim; its field ``reason`` is ignored.
    """
    if row.verdict == "not judged yet":
        return (
            f"{row.seeds} of {counted(row.planned, 'seed')}; judged when complete, since a verdict that "
            "is looked at while seeds arrive is wrong more often than promised"
        )
    if row.n < MIN_SEEDS:
        return _too_few(row)
    sentence = _sentence(row)
    if row.look is not None and row.verdict in _DECIDED:
        sentence += f"; decided early, at look {row.look}: the estimate runs high"
    if row.fragile and row.verdict in _DECIDED:
        sentence += (
            f"; fragile: a test that assumes no normal distribution does not confirm it "
            f"(sign flips, {p_value(row.p_flip)})"
        )
    elif row.fragile or (row.uneven and row.verdict not in _DECIDED and row.claim.operator != "="):
        sentence += f"; {_PARTIAL}"
    return sentence


def _too_few(row: ClaimRow) -> str:
    if row.claim.of == "learned" and row.seeds >= MIN_SEEDS:
        return (
            f"its networks learn together in {row.n} of {counted(row.seeds, 'seed')} only, and a verdict "
            f"needs {MIN_SEEDS}; ask how often they collapse (`of: collapse`) or who is ahead (`of: wins`)"
        )
    seeds = f"{counted(row.n, 'seed')} {'is' if row.n == 1 else 'are'}"
    return f"{seeds} too few for a verdict; at least {MIN_SEEDS} are needed{_networks(row)}"


def _networks(row: ClaimRow) -> str:
    if row.networks is None:
        return ""
    seen = row.networks
    return (
        f". Of these two networks, {seen.only_left} images are right in the first only and "
        f"{seen.only_right} in the second only (exact McNemar test: {p_value(seen.p)}), which says "
        "nothing about other seeds"
    )


def _sentence(row: ClaimRow) -> str:
    if row.verdict == "undecided":
        return _undecided(row)
    if row.verdict == "cannot be decided by seeds":
        return _undecidable(row)
    if row.claim.of == "wins":
        return f"the side that is ahead in more seeds is {_side(row)}{_p(row)}"
    if row.claim.of == "collapse":
        return f"the side whose networks collapse more often is {_side(row)}{_p(row)}"
    return _of_means(row)


def _side(row: ClaimRow) -> str:
    return "the claimed one" if row.verdict == "supported" else "not the claimed one"


def _of_means(row: ClaimRow) -> str:
    margin = _margin(row)
    if row.not_monotone:
        return "a step between two neighbouring levels goes the other way, more surely than chance explains"
    if row.verdict == "practically equal":
        return f"a difference of {margin} or more is ruled out (at a level of {_level(row)} for each claim)"
    if row.claim.operator == "=":
        return {
            "supported": f"a difference of {margin} or more is ruled out{_p(row)}",
            "refuted": f"the difference is more than {margin}{_p(row)}",
        }[row.verdict]
    depends = row.claim.operator == "depends"
    side = "not the same at all levels" if depends else "on the claimed side"
    return {
        "supported": f"the difference is {side}{_p(row)}",
        "refuted": f"the difference is on the other side{_p(row)}",
        "supported but negligible": (
            f"the difference is {side}{_p(row)}, but {margin} or more is ruled out"
        ),
    }[row.verdict]


def _level(row: ClaimRow) -> str:
    return f"{100 * (1 - row.level):.2g} %"


def _p(row: ClaimRow) -> str:
    return f" ({p_value(row.adjusted_p)}{_adjusted(row)})"


def _adjusted(row: ClaimRow) -> str:
    """Say how a p value is adjusted: Holm for a fixed number of seeds, Bonferroni at looks."""
    parts = []
    if row.num_claims > 1:
        method = "Bonferroni" if row.looks else "Holm"
        parts.append(f"{row.num_claims} claims ({method})")
    if row.looks:
        parts.append("the planned looks (alpha spending)")
    return f", adjusted for {' and '.join(parts)}" if parts else ""


def _undecided(row: ClaimRow) -> str:
    more = (
        ""
        if row.seeds_needed is None
        else (
            f"; about {row.seeds_needed} seeds in total would decide it four times out of five, if "
            "difference and spread are as estimated here"
        )
    )
    return f"both outcomes are open{_p(row)}{more}"


def _undecidable(row: ClaimRow) -> str:
    if row.image_error:
        return (
            f"more seeds do not help: the images alone leave an error of {row.image_error:.2g}, which only "
            "more images make smaller"
        )
    if row.claim.of in ("wins", "collapse"):
        return f"more than a hundred seeds would be needed{_p(row)}: the two sides are too alike"
    return (
        f"more than a hundred seeds would be needed{_p(row)}: the difference is small against its spread, and "
        "not small enough against the margin"
    )


def _margin(row: ClaimRow) -> str:
    """Format the margin: of accuracies and their differences in points."""
    name = row.claim.metric.partition("@")[0]
    if not (name.endswith("accuracy") or name == "gap"):
        return f"{row.claim.margin:g}"
    points = 100 * row.claim.margin
    return f"{points:g} point{'' if points == 1 else 's'}"
