"""The labs run to the end on few images, and their page shows the committed results."""

import json

import pytest

from studies.__main__ import RESULTS, main, study_files
from studies.course import COURSE, GAP, TEMPLATES, pages, with_gaps
from studies.page import PAGE, README, page, readme
from tests.notebooks import executed, outputs


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", [path.stem for path in study_files()])
def test_every_lab_runs_to_the_end_on_few_images(name, tmp_path, capsys, real_data):
    assert main(["--quick", "--only", name, "--out", str(tmp_path)]) == 0
    folder = tmp_path / "quick" / name
    assert (folder / "report.html").exists()
    assert name in capsys.readouterr().out


def test_the_page_is_made_from_the_committed_results():
    assert PAGE.read_text(encoding="utf-8") == page()
    assert README.read_text(encoding="utf-8") == readme()


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_committed_result_is_complete_and_of_a_study_that_exists(path):
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["complete"]
    assert result["study"] == path.stem
    assert path.stem in {item.stem for item in study_files()}


@pytest.mark.parametrize("name", pages())
def test_the_course_is_made_from_its_templates_and_the_results(name):
    assert (COURSE / name).read_text(encoding="utf-8") == pages()[name]


def test_every_lab_has_an_exercise_with_gaps():
    assert len(list(TEMPLATES.glob("lab-*.md"))) == 5
    for path in TEMPLATES.glob("lab-*.md"):
        assert pages()[f"{path.stem}.md"].count(GAP) >= 3
    with pytest.raises(ValueError, match="holds no 'nothing like it'"):
        with_gaps("lab-a-regularisation", ["nothing like it"])


@pytest.mark.slow
@pytest.mark.data
def test_the_notebook_runs_from_top_to_bottom(tmp_path, real_data):
    notebook = json.loads((COURSE / "course.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("Path('results')", f"Path({str(tmp_path)!r})")
    cells = [
        cell
        for cell in executed(notebook, COURSE, seconds=1200)["cells"]
        if cell["cell_type"] == "code"
    ]
    tables = [cell for cell in cells if "results.frame()" in cell["source"]]
    assert len(tables) == 5
    assert all("text/html" in outputs(cell) for cell in tables)
    said = [cell["outputs"][0]["text"] for cell in cells if "->" in cell["source"]]
    assert len(said) == 5
    assert all("->" in text for text in said)
