"""One row per claim: the difference, its interval, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.results import StudyResults
from paribus.tables.base.table import Entry, Table
from paribus.writing.claims import format_claim
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "claim_cells", "table", "tables"]

ENTRY = Entry("One row per claim: the difference, its interval, and the verdict.", 30)
_COLUMNS = (
    "id says within metric of margin estimate low high level n seeds p adjusted_p verdict published"
)


def table(results: StudyResults) -> Table:
    """Return the claims of a study."""
    values = [
        (
            row.claim.id,
            row.claim.says,
            ", ".join(f"{factor}: {level}" for factor, level in row.claim.within.items()),
            row.claim.metric,
            row.claim.of,
            row.claim.margin,
            *(row.estimate, row.low, row.high, row.level, row.n, row.seeds, row.p, row.adjusted_p),
            row.word,
            row.claim.published,
        )
        for row in results.claims
    ]
    head = ("claim", "difference (interval of the verdict)", "n", "verdict")
    cells = [claim_cells(row) for row in results.claims]
    return Table("claims", head, cells, _COLUMNS.split(), values)


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield the claims, if there are any."""
    if study.results.claims:
        yield table(study.results)


def claim_cells(row: ClaimRow) -> list[str]:
    """Return what a claim says, its difference, its seeds and its verdict as texts."""
    within = ", ".join(f"{factor}: {level}" for factor, level in row.claim.within.items())
    says = f"{row.claim.says} ({within})" if within else row.claim.says
    verdict = row.word + (" (exploratory)" if row.exploratory else "")
    return [says, format_claim(row), str(row.n), verdict + (" (fragile)" if row.fragile else "")]
