"""Findings on the page: alike ones in one card, each with the number that marks its variant."""

from paribus.judge.results import Finding
from paribus.report.content import findings_by_variant, grouped_findings


def finding(check, *variants, advice="do this", severity="warning"):
    where = ", ".join(variants)
    return Finding(check, severity, where, f"{check} at {where}", advice, variants)


FOUND = (
    finding("cause", "a"),
    finding("symptom", "b"),
    finding("cause", "a", "b, with a comma"),
    finding("cause", "c", advice="do that"),
    finding("cause", "d", severity="note"),
)


def test_alike_findings_share_a_card_in_the_order_of_the_checks():
    groups = grouped_findings(FOUND)
    assert [[number for number, _ in group.findings] for group in groups] == [[1, 3], [2], [4], [5]]
    assert [group.advice for group in groups] == ["do this", "do this", "do that", "do this"]
    assert [group.severity for group in groups] == ["warning", "warning", "warning", "note"]


def test_numbers_are_those_of_the_marks():
    numbers = {n: f.variants for group in grouped_findings(FOUND) for n, f in group.findings}
    marks = findings_by_variant(FOUND)
    assert marks == {"a": (1, 3), "b": (2,), "b, with a comma": (3,), "c": (4,), "d": (5,)}
    for variant, mine in marks.items():
        assert all(variant in numbers[number] for number in mine)
