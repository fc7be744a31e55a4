"""Which stored trials are those of a plan."""

import pytest

from tests.api.run.disturbed import REFIT, run, table


@pytest.mark.slow
def test_trials_of_other_settings_in_the_same_folder_are_another_studys(tiny, tmp_path):
    tiny["select"] = REFIT
    out = tmp_path / "out"
    first = table(run(tiny, out))
    slower = {**tiny, "train": {**tiny["train"], "optimizer": {"Adam": {"learning_rate": 0.0001}}}}
    alone = table(run(slower, tmp_path / "alone"))
    assert table(run(slower, out)) == alone
    assert table(run(tiny, out)) == first
    assert alone["trials"] != first["trials"]
