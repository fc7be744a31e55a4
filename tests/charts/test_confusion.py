"""The confusion matrix as it is drawn."""

import numpy as np
from sklearn.metrics import confusion_matrix

from paribus.charts.confusion import draw as draw_confusion
from paribus.charts.confusion_difference import draw as draw_confusion_difference
from paribus.judge.confusion import confusion, confusion_difference
from tests.charts.drawn import HOSTILE, predictions, texts


def test_the_drawn_confusion_matrix_has_percent_range_and_count():
    items = predictions(seeds=3, images=400)
    names = ("a", "b", "c", HOSTILE)
    matrix = confusion(items, names)
    single = [confusion_matrix(i.labels, i.probabilities.argmax(1)) for i in items]
    shares = np.array([counts / counts.sum(1, keepdims=True) for counts in single])
    svg = draw_confusion(matrix, "validation")
    pooled = sum(single)
    expected = {
        f"{100 * pooled[1, 2] / pooled[1].sum():.1f} %",
        f"{100 * shares[:, 1, 2].min():.1f}–{100 * shares[:, 1, 2].max():.1f}",
        f"{pooled[1, 2]}",
        "3 seeds together, n 1,200 guesses",
        "truth",
    }
    assert expected <= set(texts(svg))
    assert "<script" not in svg
    other = confusion(items[:1], names)
    found = confusion_difference((HOSTILE, matrix), ("y", other), "validation")
    svg = draw_confusion_difference(found)
    assert f"{100 * (pooled[1, 2] / pooled[1].sum() - shares[0, 1, 2]):+.1f}" in texts(svg)
    assert "<script" not in svg
