"""Executors are found by the names of their files."""

import pytest

from paribus.errors import StudyError
from paribus.execute.executors import executor_named, executors
from paribus.execute.inline import Inline
from paribus.execute.processes import Processes


def test_executors_are_found_by_themselves():
    assert executors().items() >= {"inline": Inline, "processes": Processes}.items()
    assert executor_named("inline") is Inline


def test_an_unknown_name_is_refused_with_the_nearest_known():
    with pytest.raises(StudyError) as found:
        executor_named("proceses")
    rule = f"--on: must be one of {', '.join(executors())}"
    assert str(found.value) == f"{rule}, got 'proceses'. Did you mean 'processes'?"
