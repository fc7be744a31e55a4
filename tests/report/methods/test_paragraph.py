"""The methods paragraph and the checklists say what was run, and leave the rest to a person."""

import re

import pytest

import paribus
from paribus.api.run.running import RunOptions
from paribus.report.methods.checklists import checklists
from paribus.report.methods.paragraph import methods_paragraph

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    study = {
        "study": "words",
        "question": "Does dropout help?",
        "data": {"source": "digits", "split": {"train": 0.3, "validation": 0.2, "test": 0.5, "seed": 1}, "preprocess": ["scale"]},
        "model": {"layers": ["Flatten", {"Dense": {"name": "hidden", "units": 8, "activation": "relu"}}, {"Dense": {"units": 10, "activation": "softmax"}}]},
        "train": {"optimizer": {"SGD": {"learning_rate": 0.5}}, "epochs": 2, "batch_size": 32},
        "seeds": 2,
        "factors": {"dropout": {"none": None, "some": {"insert": {"after": "hidden", "layers": [{"Dropout": {"rate": 0.3}}]}}}},
        "select": {"refit": "train+validation"},
        "claims": [{"id": "helps", "says": "some > none on val_accuracy"}],
    }  # fmt: skip
    out = tmp_path_factory.mktemp("words") / "out"
    return paribus.from_mapping(study).run(out, options=RunOptions(jobs=1))


def paragraph(found, **changes):
    from dataclasses import replace

    summary = replace(found.summary, **changes)
    return methods_paragraph(found.manifest.plan, summary, found.manifest.descriptions)


def test_the_paragraph_holds_the_numbers_of_the_study(found):
    assert paragraph(found) == (
        "We trained 2 variants of an image classifier on digits (539 training, 359 validation and 899 test "
        "images in variant none; 10 classes). Every variant was trained with 2 seeds; a seed fixes the initial weights, "
        "the batch order and all other random draws, which variants share where they agree. Preprocessing was scale. "
        "Augmentation of the training images was none. Initial weights were drawn as kernel glorot_uniform, bias zeros. "
        "Training minimised the cross-entropy of the labels. The optimizer was SGD (learning rate 0.5) by Keras's "
        "formulas. The learning-rate schedule was none (a constant learning rate). The budget was 2 epochs in batches "
        "of 32. The weights kept were those of the last epoch. The arithmetic was single precision. The variant with "
        "the best mean val_accuracy was selected, retrained on training and validation images together, and scored "
        "once per seed on the sealed test set. 1 claim was declared before the first result. Claims were judged by "
        "paired t tests over the seeds in which no network of a claim collapsed. A network collapsed if its training "
        "failed, or if its training accuracy was not above the rate of the largest class (exact binomial test, 1 %). "
        "The level was 5 %."
    )


def test_the_paragraph_follows_what_happened(found):
    from dataclasses import replace

    assert paragraph(found, trials=()) == "No trial has finished yet."
    assert "the test set was not opened" in paragraph(
        found, selected=replace(found.summary.selected, test={})
    )
    late = tuple(replace(row, exploratory=True) for row in found.summary.claims)
    assert (
        "0 claims were declared before the first result and 1 claim came later and is exploratory."
        in paragraph(found, claims=late)
    )
    broken = tuple(replace(t, status="failed") if t.seed == 1 else t for t in found.summary.trials)
    text = paragraph(found, trials=broken)
    assert "trained with 1 seed;" in text
    assert re.search(r"\d trials failed and are reported as such\.$", text)


def test_checklists_answer_with_evidence_or_not_at_all(found):
    page = (found.folder / "report.html").read_text()
    lists = checklists(found.manifest.plan, found.summary)
    assert len(lists) == 2
    rows = [row for answers in lists.values() for row in answers]
    for row in rows:
        assert not row.anchor or row.answer, "no evidence without an answer"
        if row.answer and row.anchor:
            assert f'id="{row.anchor}"' in page or row.anchor == "findings"
    open_questions = [row.question for row in rows if not row.answer]
    assert "What population do the images stand for?" in open_questions
    assert page.count("for a person to answer") == len(open_questions)
    assert "2 looks at the test set, all recorded" in {row.answer for row in rows}
