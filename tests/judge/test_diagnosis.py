"""Mistakes injected into studies that are really trained are named; `make diagnose` does all forms."""

import re
from pathlib import Path

import pytest

from benchmarks.diagnosis import MISTAKES, clean_case, inject, run
from ceteris.judge.checks import all_checks

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_named_first(mistake):
    found = inject(mistake, 0)
    assert found["said"][:1] == [found["check"]]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_study_raises_no_alarm(seed):
    findings = run(clean_case(seed)).findings
    assert [item for item in findings if item.severity != "note"] == []


def test_every_check_is_explained_and_every_mistake_has_one():
    listed = set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)?", PAGE.read_text(), re.MULTILINE))
    assert {name for pair in listed for name in pair if name} == set(all_checks())
    assert {check for check, _ in MISTAKES.values()} <= set(all_checks())
    assert all(len(forms) >= 3 for _, forms in MISTAKES.values())
