"""Early stopping follows Keras's rule."""

from paribus.nn.early_stopping import best_epoch, should_stop
from paribus.nn.training import EarlyStopping


def test_early_stopping_follows_kerass_rule():
    rule = EarlyStopping(monitor="val_accuracy", patience=2, min_delta=0.01)
    values = [0.5, 0.6, 0.605, 0.608, 0.9]
    stopped = [should_stop(rule, values[:k]) for k in range(1, 6)]
    assert stopped == [False, False, False, True, False]
    assert best_epoch("val_accuracy", values) == 4
    assert best_epoch("val_loss", [2.0, 1.0, 1.0]) == 1
