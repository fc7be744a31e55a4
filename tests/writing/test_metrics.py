"""Names of metrics for people, and which are fractions."""

import pytest

from paribus.writing.metrics import is_share, title


def test_a_metric_has_a_title_and_an_unknown_one_its_own_name():
    assert title("val_accuracy") == "validation accuracy"
    assert title("val_loss@5") == "validation loss after epoch 5"
    assert title("macro_f1@2") == "macro_f1 after epoch 2"


@pytest.mark.parametrize(
    ("metric", "share"),
    [
        ("accuracy", True),
        ("val_accuracy@3", True),
        ("gap", True),
        ("gap@2", True),
        ("val_loss", False),
        ("objective", False),
    ],
)
def test_accuracies_and_their_gap_are_fractions(metric, share):
    assert is_share(metric) == share
