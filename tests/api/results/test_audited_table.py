"""Tables from elsewhere: read, judged, checked, and refused with every problem at once."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paribus.api.results.audited_table import audit
from paribus.errors import DataError, StudyError

EXAMPLE = Path(__file__).parents[3] / "examples" / "audit.csv"


def table(path, gain=0.03, seeds=8, name="variant", metric="val_accuracy"):
    draws = np.random.default_rng(0)
    lines = [f"{name},seed,{metric}"]
    for seed in range(seeds):
        common = draws.normal(0, 0.01)
        for variant, extra in (("small", 0.0), ("large", gain)):
            lines.append(f"{variant},{seed},{0.8 + extra + common + draws.normal(0, 0.002):.6f}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("name", ["variant", "Model", " method "])
@pytest.mark.parametrize("metric", ["val_accuracy", "val_acc", "validation_accuracy"])
def test_a_table_is_judged_like_a_study(tmp_path, name, metric):
    path = table(tmp_path / "r.csv", name=name, metric=metric)
    found = audit(path, ["large > small on val_accuracy"])
    (row,) = found.claims
    assert (row.verdict, row.n) == ("supported", 8)
    assert row.estimate == pytest.approx(0.03, abs=0.003)
    assert {item.name for item in found.variants} == {"small", "large"}
    assert found.effects[0].baseline == "small"
    assert audit(path, baseline="large").effects[0].estimate == pytest.approx(-row.estimate)


def test_json_says_what_csv_says(tmp_path):
    path = table(tmp_path / "r.csv")
    rows = [line.split(",") for line in path.read_text().split()[1:]]
    plain = [
        {"variant": v, "seed": int(s), "metrics": {"val_accuracy": float(a)}} for v, s, a in rows
    ]
    for text in (json.dumps(plain), json.dumps({"trials": plain})):
        other = tmp_path / "r.json"
        other.write_text(text)
        assert audit(other).to_json() == audit(path).to_json()


def test_percent_signs_are_read_and_failures_are_data(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("variant,seed,val_acc\na,0,81 %\na,1,82%\nb,0,nan\nb,1,80%\n")
    found = audit(path, ["b > a on val_accuracy"])
    assert found.variants[0].metrics["val_accuracy"].mean == pytest.approx(0.815)
    assert found.variants[1].failed == 1
    assert (found.claims[0].verdict, found.claims[0].n) == ("undecided", 1)
    assert [rate.count for rate in found.claims[0].collapse.rates] == [1, 0]
    assert any(item.check == "failed_trials" for item in found.findings)


def test_the_example_is_found_out():
    found = audit(EXAMPLE)
    checks = [item.check for item in found.findings]
    assert checks[0] == "counted_accuracy"
    assert found.findings[0].evidence == "accuracy is 1 - loss in all 3 epochs"
    assert "few_seeds" in checks


def test_an_impossible_fraction_is_an_error(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("variant,seed,val_accuracy,n_val\na,0,0.93124,10000\nb,0,0.9312,10000\n")
    (finding,) = [f for f in audit(path).findings if f.severity == "error"]
    assert (finding.where, finding.evidence) == (
        "a, seed 0",
        "val_accuracy 0.931240 would be 9,312.4 of 10,000 images, which is no whole number",
    )


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("variant,seed,val_acc\n,0,0.5\na,x,0.6\na,1.5,y\n", [
            ":2: needs the name of a variant, got nothing.",
            ":3: seed: must be a number, got 'x'.",
            ":4: seed: must be a whole number, got '1.5'.",
            ":4: val_accuracy: must be a number, got 'y'.",
        ]),
        ("variant,seed,val_acc\na,0,0.5\na,0,0.6\n", [":3: must be the only row of its variant, seed and epoch, got a, seed 0, epoch 0."]),
        ("name,seed\na,0\n", [": needs a column with a metric"]),
        ("seed,val_acc\n0,0.5\n", [": needs a column for the variant"]),
        ("variant,seed,val_acc,n_val\na,0,0.5,nan\n", [":2: validation_examples: must be a whole number, got 'nan'."]),
        ("variant,seed,val_acc\n" + "x" * 200_000 + ",0,0.5\n", [":2: must be a row of a CSV table, got field larger"]),
        ("variant,val_acc\n", [": must hold at least one result, got none."]),
        ("[1, 2]", [": must hold a list of objects, one per result"]),
        ("{", [": must be JSON"]),
    ],
)  # fmt: skip
def test_a_bad_table_gives_every_problem(tmp_path, text, problems):
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        audit(path)
    lines = str(error.value).splitlines()
    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        assert line.startswith(f"{path}{problem}")


def test_claims_and_baselines_must_name_variants(tmp_path):
    path = table(tmp_path / "r.csv")
    with pytest.raises(
        StudyError,
        match="--claim: says: must name a level or a variant, got 'larg'",
    ):
        audit(path, ["larg > small on val_accuracy"])
    with pytest.raises(StudyError, match="--baseline: must be a variant of the file, got 'smal'"):
        audit(path, baseline="smal")
    with pytest.raises(DataError, match="must be a readable text file"):
        audit(tmp_path / "nowhere.csv")


def test_the_command_ends_with_the_right_code(tmp_path):
    def run(*arguments):
        code = "from paribus.cli.main import main; main()"
        command = [sys.executable, "-c", code, "audit", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    path = table(tmp_path / "r.csv")
    good = run("r.csv", "--claim", "large > small on val_accuracy", "--json")
    assert good.returncode == 0
    assert json.loads(good.stdout)["claims"][0]["verdict"] == "supported"
    assert run("r.csv", "--claim", "small > large on val_accuracy").returncode == 1
    assert run(str(EXAMPLE)).returncode == 1
    bad = run("gone.csv")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert path.exists()


def test_an_epoch_zero_is_kept_and_the_documented_example_works(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("variant,epoch,loss,val_acc\na,0,1.0,0.5\na,1,0.9,0.6\n")
    (trial,) = audit(path).trials
    assert [record.epoch for record in trial.curves] == [0, 1]
    assert trial.metrics["val_accuracy"] == 0.6
    (row,) = audit(EXAMPLE, ["250 samples > 100 samples on test_accuracy"]).claims
    assert row.verdict == "undecided"
