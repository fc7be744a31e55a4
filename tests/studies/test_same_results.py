"""What the rebuild of the code left as it was: identities of trials, and results byte by byte.

The files in `tests/golden` were written before the rebuild, under the project's old name. Where bits differ
by right (another processor or version of PyTorch), the identities are compared, and what was trained.
"""

import csv
import io
import json
from pathlib import Path

import pytest

import paribus
from paribus.tables import trials
from paribus.tables.base.rendering import csv_text

GOLDEN = Path(__file__).parents[1] / "golden"
ROOT = Path(__file__).parents[2]
EXPECTED = json.loads((GOLDEN / "trials.json").read_text())
WHAT_WAS_TRAINED = ("variant", "seed", "fit_on", "status", "epochs", "reason")


def processor():
    """Return what tells one kind of processor from another; libraries of linear algebra differ by it."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return []
    names = ("vendor_id", "cpu family", "model", "model name", "stepping")
    first = text.partition("\n\n")[0]
    pairs = [line.partition(":") for line in first.splitlines()]
    return [value.strip() for name, _, value in pairs if name.strip() in names]


def table(results):
    """Return the results as a table without the one column that measures time."""
    rows = list(csv.reader(io.StringIO(csv_text(trials.table(results.summary)))))
    place = rows[0].index("seconds")
    return "".join(",".join(row[:place] + row[place + 1 :]) + "\n" for row in rows)


def agrees(results, name):
    found, expected = table(results), (GOLDEN / f"{name}.csv").read_text()
    stored = results.summary.trials
    assert sorted(trial.identity for trial in stored) == EXPECTED[name]["identities"]
    environment = stored[0].environment
    alike = all(environment[key] == value for key, value in EXPECTED[name]["environment"].items())
    if alike and processor() == EXPECTED["processor"]:
        assert found == expected
    own, other = (list(csv.DictReader(io.StringIO(text))) for text in (found, expected))
    assert [[row[key] for key in WHAT_WAS_TRAINED] for row in own] == [
        [row[key] for key in WHAT_WAS_TRAINED] for row in other
    ]
    for row, before in zip(own, other, strict=True):
        if row["val_accuracy"]:
            assert float(row["val_accuracy"]) == pytest.approx(
                float(before["val_accuracy"]), abs=0.1
            )


@pytest.mark.slow
def test_the_demo_gives_what_it_gave(tmp_path):
    agrees(paribus.load(ROOT / "examples" / "digits.yaml").run(tmp_path / "out"), "digits")


@pytest.mark.slow
@pytest.mark.data
def test_a_quick_lab_gives_what_it_gave(quick_lab):
    name = "lab-c1-from-scratch"
    agrees(paribus.open_results(quick_lab(name)), name)
