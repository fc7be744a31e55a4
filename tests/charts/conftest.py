"""Charts that these tests draw are compared with Altair's schema, part by part."""

import pytest

from paribus.charts.base import style


@pytest.fixture(autouse=True)
def _checked(monkeypatch):
    monkeypatch.setattr(style, "CHECKED", True)
