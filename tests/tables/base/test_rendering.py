"""Tables in files: no cell is a formula, no markup runs."""

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.results import StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.records import Claim, EpochRecord, StoredTrial
from paribus.tables import trials
from paribus.tables.base.combined import latex_table, markdown_table
from paribus.tables.base.rendering import csv_text
from paribus.tables.base.table import Table, Verbatim
from tests.report.hostile import HOSTILE

INTERVAL = Interval(0.9, 0.89, 0.91, 0.01, 5)


def csv_of(found):
    return csv_text(trials.table(found))


def results(name=HOSTILE):
    claim = Claim("c", name, "f", "a", ">", "b", "val_accuracy")
    records = tuple(EpochRecord(e, {"loss": 1 / e, "val_loss": 2 / e}, 1, 1, 0.1) for e in (1, 2))
    trials = tuple(
        StoredTrial(
            str(seed),
            name,
            {"f": name},
            seed,
            "train",
            "done",
            1,
            2,
            1.0,
            {"val_accuracy": 0.9},
            records,
        )
        for seed in range(3)
    )
    variants = (VariantSummary(name, {"f": name}, 3, 1, {"val_accuracy": INTERVAL}),)
    claims = (ClaimRow(claim, "supported", 0.02, 0.01, 0.03, 5, "because"),)
    return StudyResults(name, False, trials, variants, (), claims, None, (), ())


def test_csv_cells_start_no_formula_and_hold_no_control_characters():
    text = csv_of(results())
    assert "\x1b" not in text
    row = text.splitlines()[1]
    assert row.startswith(("\"'=cmd", "'=cmd"))
    assert csv_of(results("plain")).splitlines()[1] == "plain,plain,0,train,done,2,1.000,0.9,"


def test_markdown_and_latex_escape_what_they_would_run():
    text = markdown_table(results())
    assert "<script>" not in text
    assert r"\<script\>" in text
    text = latex_table(results())
    assert r"\textbackslash{}input\{x\} \$ \% \_ \# \{ \}" in text
    assert (
        latex_table(results("plain")).splitlines()[4]
        == r"plain & 3 (1 failed) & 90.00 \% [89.00, 91.00] \\"
    )


def test_names_start_no_formula_in_a_head_or_a_cell_and_numbers_stay_numbers():
    columns, rows = ("truth", "+1", "-x"), [("@SUM(A1)", -1.5, Verbatim("-0.25"))]
    text = csv_text(Table("confusion", columns, [], columns, rows))
    assert text == "truth,'+1,'-x\n'@SUM(A1),-1.5,-0.25\n"
