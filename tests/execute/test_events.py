"""Errors cross from workers as kinds that the parent knows."""

import pickle

from paribus import errors
from paribus.checking import Issue, SettingsError
from paribus.errors import Problem
from paribus.execute.events import fatal


def subclasses(kind):
    return {kind} | {deeper for own in kind.__subclasses__() for deeper in subclasses(own)}


def test_every_error_of_ours_crosses_as_a_kind_that_the_parent_knows():
    class Newer(errors.StoreError):
        """A later version's."""

    problem = Problem("here", "must be good", "bad")
    makers = {kind: kind for kind in subclasses(errors.ParibusError)}
    makers[SettingsError] = lambda _: SettingsError([Issue(("here",), "must be good", "bad")])
    for kind, make in makers.items():
        crossed = fatal(make(problem))
        if crossed is None:  # the trial's own
            assert not issubclass(kind, errors.StudyError | errors.DataError | errors.StoreError)
            continue
        again = pickle.loads(pickle.dumps(crossed)).error()
        assert isinstance(make(problem), type(again))
        assert [str(item) for item in again.problems] == ["here: must be good, got bad."]
    assert type(fatal(Newer("text")).error()) is errors.StoreError
    assert str(fatal(Newer("text")).error()) == "text"
    assert fatal(errors.TrialError("x")) is None
    assert fatal(errors.ParibusError("x")) is None
