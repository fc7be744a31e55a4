"""Settings and curves as checks read them."""

from paribus.judge.reading import layers_of, mean_curve, num_classes
from tests.judge.checks.studied import CLEAN, plan, trial


def test_reading_settings_and_curves():
    nested = {
        "layers": [
            {"Residual": {"layers": [{"Conv2D": {}}], "shortcut": [{"Dense": {"units": 3}}]}}
        ]
    }
    assert [kind for kind, _ in layers_of(nested)] == ["Residual", "Conv2D", "Dense"]
    assert num_classes(plan().variants[0]) == 10
    assert mean_curve([trial("a", 0), trial("a", 1, curves=CLEAN[:2])], "val_loss") == [0.9, 0.5]
    assert mean_curve([], "val_loss") == []
