"""What an undisturbed run gives, which runs that are disturbed must give as well."""

import copy

import pytest

from tests.api.run.disturbed import REFIT, run, table
from tests.conftest import TINY


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The table of an undisturbed run."""
    return table(run({**copy.deepcopy(TINY), "select": REFIT}, tmp_path_factory.mktemp("whole")))


@pytest.fixture
def whole(tiny, expected):
    tiny["select"] = REFIT
    return tiny, expected
