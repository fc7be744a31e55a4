"""Charts that these tests draw are compared with Altair's schema, part by part."""

import pytest

from paribus.report import charts


@pytest.fixture(autouse=True)
def _checked(monkeypatch):
    monkeypatch.setattr(charts, "CHECKED", True)
