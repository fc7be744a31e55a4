"""Generated pages are up to date, and what the documentation shows is what happens."""

import re
from pathlib import Path

import pytest

from docs.generate import FOLDER, PAGES
from paribus.errors import StudyError
from paribus.study.load import load_study, study_from_mapping
from paribus.study.reading import read_text
from paribus.study.template import study_template

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", PAGES)
def test_generated_pages_are_up_to_date(file):
    assert (FOLDER / file).read_text(encoding="utf-8") == PAGES[file](), "run: make docs"


def test_every_study_shown_is_valid(tmp_path):
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    study_from_mapping(read_text(block).value)
    for path in (ROOT / "examples").glob("*.yaml"):
        load_study(path)


def test_the_mistake_of_the_tutorial_gives_the_text_it_shows(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(study_template().replace("epochs: 10", "epocs: 10"))
    with pytest.raises(StudyError) as caught:
        load_study(path)
    shown = (ROOT / "docs" / "tutorial.md").read_text()
    for line in str(caught.value).splitlines():
        assert f"    {line}\n" in shown
    assert len(str(caught.value).splitlines()) == 2
