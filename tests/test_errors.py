"""Error texts have one form."""

from paribus.errors import ParibusError, Problem, StudyError, did_you_mean


def test_a_problem_reads_where_rule_got_fix():
    text = str(Problem("study.yaml:3: seeds", "must be a whole number", "'ten'", "Write 10."))
    assert text == "study.yaml:3: seeds: must be a whole number, got 'ten'. Write 10."
    assert str(Problem("x", "is required")) == "x: is required."


def test_an_error_lists_every_problem():
    error = StudyError([Problem("a", "one"), Problem("b", "two")])
    assert str(error) == "a: one.\nb: two."
    assert len(error.problems) == 2
    assert issubclass(StudyError, ParibusError)


def test_the_nearest_word_is_suggested_whatever_its_case():
    assert did_you_mean("conv2d", ["Conv2D", "Dense"]) == "Did you mean 'Conv2D'?"
    assert did_you_mean("qqq", ["b", "a"]) == "Known: a, b."
