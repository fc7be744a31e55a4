"""The strip of seeds: a dot per trial, joined with itself where they are few."""

from paribus.charts import ShownStudy, seeds
from paribus.charts.base.seed_values import seed_rows
from paribus.charts.base.style import PALETTE, RULE
from paribus.charts.seeds import MOST_JOINED
from paribus.charts.seeds import draw as draw_seeds
from paribus.judge.summary import summarise
from tests.charts.drawn import texts
from tests.charts.seeded import SEEDS, marks, study, trial


def test_the_strip_has_a_dot_per_trial_and_joins_a_seed_with_itself():
    plan, results = study()
    (chart,) = seeds.charts(ShownStudy(plan, results))
    svg = chart.svg
    assert {"n 5", "n 3, 2 failed", "validation accuracy"} <= set(texts(svg))
    assert len(marks(svg, PALETTE[0])) == 13
    lines = [node.get("d") for node in marks(svg, RULE)]
    assert len(lines) == SEEDS, "one line per seed"
    assert sorted(line.count("L") for line in lines) == [1, 1, 2, 2, 2], "failed trials end a line"
    assert "<script" not in svg


def test_many_seeds_are_not_joined():
    _, results = study(seeds=MOST_JOINED + 1)
    svg = draw_seeds(seed_rows(results, "val_accuracy"), "val_accuracy")
    assert len(marks(svg, PALETTE[0])) == 3 * (MOST_JOINED + 1) - 2
    assert not marks(svg, RULE)
    assert not any("same seed" in text for text in texts(svg))


def test_without_a_value_there_is_no_strip():
    plan, _ = study()
    failed = [trial(v.name, 0, 0.0, "failed") for v in plan.variants]
    assert not list(seeds.charts(ShownStudy(plan, summarise(plan, failed))))
