"""A study file of few images."""

import pytest
from ruamel.yaml import YAML


@pytest.fixture
def study(tiny, tmp_path):
    def write(**changes):
        path = tmp_path / "study.yaml"
        with path.open("w") as file:
            YAML(typ="safe", pure=True).dump({**tiny, **changes}, file)
        return path

    write()
    return write
