"""The first screen: every number from the results, and the question of every reader answered."""

import dataclasses

import pytest
from scipy import stats

import paribus
from paribus.api.run.running import RunOptions
from paribus.judge.results import Finding, MissingTrial, OverviewRow
from paribus.report.brief import brief

STUDY = {
    "study": "brief",
    "data": {"source": "digits", "split": {"train": 0.2, "validation": 0.3, "test": 0.5}},
    "model": {
        "layers": ["Flatten", {"Dense": {"name": "output", "units": 10, "activation": "softmax"}}]
    },
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 1, "batch_size": 32},
    "seeds": 3,
    "factors": {
        "rate": {
            "low": None,
            "high": {"set": {"train.optimizer.Adam.learning_rate": 0.02}},
            "middle": {"set": {"train.optimizer.Adam.learning_rate": 0.015}},
        }
    },
    "claims": [{"id": "c", "says": "high > low on val_accuracy", "margin": 0.01}],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("brief")
    return paribus.from_mapping(STUDY).run(out, options=RunOptions(jobs=1))


def said(plan, summary):
    return {line.asked: line.said for line in brief(plan, summary)}


def values(results, name):
    return [
        t.metrics["val_accuracy"]
        for t in results.summary.trials
        if t.variant == name and t.fit_on == "train"
    ]


def test_by_how_much_is_the_paired_difference_and_its_t_interval(results):
    chosen, runner_up = results.summary.selected.variant, results.summary.selected.runner_up
    lines = said(results.manifest.plan, results.summary)["By how much"]
    assert len(lines) == 2, "against the baseline, and against the runner-up"
    for other, line in zip(("low", runner_up), lines, strict=True):
        pairs = zip(values(results, chosen), values(results, other), strict=True)
        found = stats.ttest_1samp([a - b for a, b in pairs], 0)
        low, high = found.confidence_interval()
        assert other in line
        assert f"[{100 * low:+.2f}, {100 * high:+.2f}], 3 seeds" in line
        assert ("the direction is open" in line) == (low <= 0 <= high)


def test_by_how_much_speaks_of_the_seeds_where_both_learn(results):
    chosen = results.summary.selected
    lead = dataclasses.replace(chosen.leads[0], n=7, seeds=10, collapsed=3, low=0.01, high=0.2)
    summary = dataclasses.replace(
        results.summary, selected=dataclasses.replace(chosen, leads=(lead,))
    )
    (line,) = said(results.manifest.plan, summary)["By how much"]
    assert line.endswith("7 of 10 seeds where both learn.")


def test_how_sure_counts_the_verdicts_and_why_names_the_change(results):
    lines = said(results.manifest.plan, results.summary)
    assert (
        lines["How sure"][0] == "Of 1 claim: 1 not assessable."
        or "undecided" in lines["How sure"][0]
    )
    assert "learning_rate" in lines["Why"][0]


def test_a_winner_gives_its_reason_only_where_there_was_another(results):
    plan = results.manifest.plan
    (low, *_) = plan.variants
    selected = dataclasses.replace(results.summary.selected, variant=low.name)
    summary = dataclasses.replace(results.summary, selected=selected, overview=())
    assert said(plan, summary)["Why"] == (
        "It is the baseline: no other variant has a better mean.",
    )
    assert "Why" not in said(dataclasses.replace(plan, variants=(low,)), summary)


def test_one_main_effect_beyond_doubt_is_the_reason(results):
    sure = OverviewRow("main effect", "rate: high - low", "val_accuracy", 0.2, 0.1, 0.3, 3, 0.01)
    open_one = dataclasses.replace(sure, what="other", estimate=0.9, q=0.5)
    summary = dataclasses.replace(results.summary, overview=(sure, open_one))
    (line,) = said(results.manifest.plan, summary)["Why"]
    assert "rate: high - low: +20.00 points [+10.00, +30.00]" in line


def test_what_went_wrong_groups_by_check_and_begins_with_errors(results):
    found = (
        Finding("a", "note", "v", "a note", ""),
        Finding("b", "warning", "v", "a warning", ""),
        Finding("b", "warning", "w", "another", ""),
        Finding("c", "error", "x", "an error", ""),
    )
    summary = dataclasses.replace(results.summary, findings=found)
    lines = said(results.manifest.plan, summary)["What went wrong"]
    assert lines == ("x: an error.", "v: a warning (and 1 more like it).")
    nothing = dataclasses.replace(results.summary, findings=())
    assert said(results.manifest.plan, nothing)["What went wrong"] == (
        "Nothing that the checks look for.",
    )


def test_what_went_wrong_names_missing_trials_and_why(results):
    died = "the worker process died (signal SIGKILL), 2 times"
    missing = tuple(MissingTrial("high", seed, died) for seed in range(5))
    summary = dataclasses.replace(results.summary, findings=(), missing=missing[:1])
    lines = said(results.manifest.plan, summary)["What went wrong"]
    assert lines == (f"high, seed 0 is missing: {died}. The next run tries again.",)
    unrun = MissingTrial("low", 2, None)
    summary = dataclasses.replace(summary, missing=(*missing, unrun))
    assert said(results.manifest.plan, summary)["What went wrong"] == (
        f"high, seed 0; high, seed 1; high, seed 2 and 2 more are missing: {died}. The next run tries again.",
        "1 trial was not run to the end.",
    )


def test_a_run_without_a_winner_says_what_it_can(results):
    summary = dataclasses.replace(results.summary, selected=None, trials=(), claims=())
    assert set(said(results.manifest.plan, summary)) == {"What went wrong"}


def test_every_link_of_the_page_leads_somewhere(results):
    import re

    from paribus.api.report.reporting import report_html

    page = report_html(results)
    targets = set(re.findall(r'id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links
    assert links <= targets
