"""Mistakes injected into studies that are really trained are named; `make diagnose` does all forms."""

import re
from pathlib import Path

import pytest

from benchmarks.diagnosis.case import run
from benchmarks.diagnosis.clean_studies import HARD, clean_case, examine_hard, hard_case
from benchmarks.diagnosis.mistakes import MISTAKES, injected
from paribus.judge.checks import all_checks

PAGE = Path(__file__).parents[3] / "docs" / "checks.md"


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_named_first(mistake):
    results = injected(mistake, 0)
    said = [finding.check for finding in results.findings if finding.severity != "note"]
    assert said[:1] == [MISTAKES[mistake][0]]
    names = {row.name for row in results.variants}
    for finding in results.findings:
        assert set(finding.variants) <= names
        assert finding.variants or finding.where.partition(", ")[0] not in names, finding


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_study_raises_no_alarm(seed):
    findings = run(clean_case(seed)).findings
    assert [item for item in findings if item.severity != "note"] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_nothing_untrue_is_said_of_few_images_weak_networks_and_few_seeds(seed):
    assert examine_hard(seed)["alarms"] == []


def test_the_hard_kinds_take_turns():
    assert [hard_case(seed)[0] for seed in range(len(HARD))] == list(HARD)
    assert hard_case(3)[1].study == hard_case(3)[1].study


def test_every_check_is_explained_and_every_mistake_has_one():
    listed = set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)?", PAGE.read_text(), re.MULTILINE))
    assert {name for pair in listed for name in pair if name} == set(all_checks())
    assert {check for check, _ in MISTAKES.values()} <= set(all_checks())
    assert all(len(forms) >= 3 for _, forms in MISTAKES.values())
