"""Charts in which every seed is seen: curves, effects, the strip. Numbers by hand, drawings read back."""

import math
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy import stats

from paribus.charts import ShownStudy, seeds
from paribus.charts.base.seed_values import seed_rows
from paribus.charts.base.style import MARGIN, PALETTE, RULE
from paribus.charts.curves import charts as curve_charts
from paribus.charts.curves import draw as draw_curves
from paribus.charts.curves import points as curve_points
from paribus.charts.curves import seed_curves
from paribus.charts.effects import draw as draw_effects
from paribus.charts.effects import points as effect_points
from paribus.charts.seeds import MOST_JOINED
from paribus.charts.seeds import draw as draw_seeds
from paribus.judge.summary import EXPLORATORY_MARGIN, summarise
from paribus.records import EpochRecord, Plan, SelectRule, StoredTrial, Variant

HOSTILE = "<script>alert(1)</script>"
SEEDS = 5


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter() if node.text and node.text.strip()]


def trial(variant, seed, value, status="done", epochs=3):
    curves = tuple(
        EpochRecord(e, {"loss": value / e, "val_loss": 2 * value / e}, 1, 1, 0.1)
        for e in range(1, epochs + 1)
    )
    metrics = {"val_accuracy": value} if status == "done" else {}
    return StoredTrial(
        f"{variant}{seed}", variant, {"way": variant}, seed, "train", status, 1, epochs, 1.0, metrics, curves,
    )  # fmt: skip


def study(seeds=SEEDS, names=("a", "b", HOSTILE)):
    """Three variants; the last one has lost two trials."""
    variants = tuple(Variant(name, {"way": name}, {}, {}, {}) for name in names)
    plan = Plan("s", "q", names[0], {"way": names}, variants, tuple(range(seeds)), (), SelectRule(test="never"))  # fmt: skip
    trials = [
        trial(name, seed, 0.5 + 0.1 * k + 0.013 * seed * (k + 1), status)
        for k, name in enumerate(names)
        for seed in range(seeds)
        for status in ["failed" if k == 2 and seed < 2 else "done"]
    ]
    return plan, summarise(plan, trials)


def marks(svg, colour):
    """What is drawn in a colour."""
    return [n for n in ET.fromstring(svg).iter() if colour in (n.get("fill"), n.get("stroke"))]


def test_rows_have_every_seed_and_say_what_has_failed():
    _, results = study()
    rows = seed_rows(results, "val_accuracy")
    assert [row.count for row in rows] == ["n 5", "n 5", "n 3, 2 failed"]
    values = [0.6 + 0.026 * seed for seed in range(SEEDS)]
    low, high = stats.t.interval(0.95, SEEDS - 1, np.mean(values), stats.sem(values))
    assert list(rows[1].values.values()) == pytest.approx(values)
    assert (rows[1].mean, rows[1].low, rows[1].high) == pytest.approx((np.mean(values), low, high))
    assert sorted(rows[2].values) == [2, 3, 4]
    assert all(math.isnan(row.mean) for row in seed_rows(results, "test_accuracy"))


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


def test_effects_have_every_difference_the_margin_and_n():
    _, results = study()
    b, last = effect_points(results, "val_accuracy")
    assert b.differences == pytest.approx([0.1 + 0.013 * seed for seed in range(SEEDS)])
    assert last.differences == pytest.approx([0.2 + 0.026 * seed for seed in (2, 3, 4)])
    for point in (b, last):
        assert point.estimate == pytest.approx(np.mean(point.differences))
    svg = draw_effects([b, last], "val_accuracy", "a")
    assert {"n 5", "n 3", "difference from a (points of validation accuracy)"} <= set(texts(svg))
    assert any("the margin of 1 point" in text for text in texts(svg))
    assert len(marks(svg, PALETTE[0])) == 8 + 2 + 2, "seeds, means, intervals"
    (band,) = marks(svg, MARGIN)
    width = float(re.search(r"h(-?[\d.]+)", band.get("d"))[1])
    assert abs(width) == pytest.approx(200 * EXPLORATORY_MARGIN * unit(svg), abs=1)


def unit(svg):
    """Pixels per point, by the ticks at 0 and 10."""
    found = {
        node.text: float(node.get("transform").split("(")[1].split(",")[0])
        for node in ET.fromstring(svg).iter()
        if node.text in ("0", "10")
    }
    return (found["10"] - found["0"]) / 10


def test_a_loss_has_no_points():
    _, results = study()
    points = effect_points(results, "val_accuracy")
    found = texts(draw_effects(points, "val_loss", "a"))
    assert "difference from a (validation loss)" in found
    assert any("the margin of 0.01" in text for text in found)


def test_curves_are_named_by_their_split():
    _, results = study(names=("v",))
    curves = seed_curves(results, "loss")
    assert [(c.split, c.seed, c.epochs) for c in curves[:2]] == [
        ("train", 0, (1, 2, 3)),
        ("validation", 0, (1, 2, 3)),
    ]
    points = {(p.split, p.epoch): p for p in curve_points(curves)}
    values = [0.5 + 0.013 * seed for seed in range(SEEDS)]
    point = points["validation", 2]
    assert (point.mean, point.lowest, point.highest) == pytest.approx((np.mean(values), 0.5, values[-1]))  # fmt: skip
    assert points["train", 2].mean == pytest.approx(np.mean(values) / 2)
    assert {p.n for p in points.values()} == {SEEDS}


def test_every_seed_has_a_line_and_every_panel_its_n():
    plan, results = study()
    curves = seed_curves(results, "loss")
    svg = draw_curves(curves, "loss", [v.name for v in plan.variants])
    assert {"a (n 5)", f"{HOSTILE} (n 3)", "train", "validation", "loss"} <= set(texts(svg))
    thin = [n for n in ET.fromstring(svg).iter() if n.get("stroke-width") == "0.6"]
    assert len(thin) == 2 * 3, "one path per split and panel"
    assert sum(node.get("d").count("M") for node in thin) == 2 * (5 + 5 + 3), "one stroke per trial"
    assert sum(node.get("d").count("L") for node in thin) == 2 * (5 + 5 + 3) * 2
    assert "<script" not in svg
    assert [chart.svg for chart in curve_charts(ShownStudy(plan, study()[1]))] == [svg]


@pytest.mark.parametrize(("epochs", "expected"), [(3, [1, 2, 3]), (10, [2, 4, 6, 8, 10]), (100, [20, 40, 60, 80, 100])])  # fmt: skip
def test_ticks_are_whole_epochs(epochs, expected):
    plan, _ = study(names=("v",))
    results = summarise(plan, [trial("v", 0, 1.0, epochs=epochs)])
    svg = draw_curves(seed_curves(results, "loss"), "loss", ["v"])
    shown = " ".join(texts(svg))
    assert " ".join(map(str, expected)) + " epoch" in shown
