"""The table of variants: numbers of the results in its values, the same as text in its cells."""

from dataclasses import replace

from paribus.tables import variants
from tests.report.terminal.made_up import MEANS, results


def test_a_row_has_the_means_and_intervals_of_its_variant():
    table = variants.table(results())
    assert table.columns == (
        *("variant", "n", "failed", "accuracy", "accuracy_low", "accuracy_high"),
        *("val_accuracy", "val_accuracy_low", "val_accuracy_high"),
    )
    assert [row[:4] for row in table.values] == [
        (name, 5, 0, mean) for name, mean in zip("abc", MEANS, strict=True)
    ]
    assert table.cells[1] == ["b", "5", "70.00 % [65.00, 75.00]", "70.00 % [65.00, 75.00]"]


def test_failed_trials_and_missing_metrics_are_said():
    found = results()
    one, *others = found.variants
    lacking = replace(one, failed=2, metrics={"accuracy": one.metrics["accuracy"]})
    table = variants.table(replace(found, variants=(lacking, *others)))
    assert table.cells[0] == ["a", "5 (2 failed)", "50.00 % [45.00, 55.00]", "-"]
    assert table.values[0][6:] == (None, None, None)
